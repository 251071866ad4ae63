import { connect } from 'node:tls'
import { clusterToken } from '@evenkeel/contract/sigv4'
import { type Clock, isNotFound, KubeClient, type KubeConnection, KubeError, SERVICE_ACCOUNTS } from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'
import { type ClusterObject, isAsWanted } from './components/index.ts'
import type { AskedMember, Prober, ProbeTarget } from './ports.ts'
import type { MemberProbe, Probes } from './snapshot.ts'

const TIMEOUT_MS = 2000
/** While the endpoint leads nowhere, members are asked only so that people see how far they are. */
const MEMBERS_INTERVAL_MS = 1000
/** A token costs each of two servers a request to the authenticator. */
const TOKEN_INTERVAL_MS = 30_000

export interface ProberOptions {
  readonly clock: Clock
  readonly region: string
  /** As whom the authenticators know the probe's key. */
  readonly probeUsername: string
}

/** Objects that keepers keep in clusters; nobody but an administrator of the cluster can change them. */
const OBJECTS_INTERVAL_MS = 30_000

/** What one cluster has answered, and the connections to its members. */
interface Acquaintance {
  readonly clients: Map<string, { readonly stamp: string; readonly client: KubeClient }>
  members: { readonly atMs: number; readonly probes: Readonly<Record<string, MemberProbe>> } | undefined
  token: { readonly atMs: number; readonly probe: MemberProbe } | undefined
  hasServiceAccount: boolean
  objectsSeenMs: number | undefined
}

/** Asks over the network, with the keeper's certificates. */
export class NetworkProber implements Prober {
  readonly #options: ProberOptions
  readonly #known = new Map<ClusterId, Acquaintance>()

  constructor(options: ProberOptions) {
    this.#options = options
  }

  async probe(target: ProbeTarget, pace: 'creating' | 'keeping'): Promise<Probes> {
    const known = this.#knownOf(target.id)
    if (pace === 'creating') {
      const endpoint = await this.#askEndpoint(target)
      if (!endpoint.ready) {
        const members = await this.#askMembers(target, known, MEMBERS_INTERVAL_MS)
        const token = { ready: false, detail: 'the endpoint is not ready' }
        return { members, endpoint, defaultServiceAccount: false, token, objects: false }
      }
      const [members, defaultServiceAccount, token, objects] = await Promise.all([
        this.#askMembers(target, known, 0),
        this.#askServiceAccount(target, known),
        this.#askToken(target, known),
        this.#askObjects(target, known),
      ])
      return { members, endpoint, defaultServiceAccount, token, objects }
    }
    const [endpoint, members, token, objects] = await Promise.all([
      this.#askEndpoint(target),
      this.#askMembers(target, known, 0),
      this.#askToken(target, known),
      this.#askObjects(target, known),
    ])
    return { members, endpoint, defaultServiceAccount: true, token, objects }
  }

  forget(id: ClusterId): void {
    for (const { client } of this.#known.get(id)?.clients.values() ?? []) {
      client.close()
    }
    this.#known.delete(id)
  }

  #knownOf(id: ClusterId): Acquaintance {
    const known = this.#known.get(id)
    if (known !== undefined) {
      return known
    }
    const fresh = {
      clients: new Map(),
      members: undefined,
      token: undefined,
      hasServiceAccount: false,
      objectsSeenMs: undefined,
    }
    this.#known.set(id, fresh)
    return fresh
  }

  /** On a new connection each time: an old one would say nothing about who would be chosen for a client now. */
  async #askEndpoint({ endpoint }: ProbeTarget): Promise<MemberProbe> {
    return await withClient(connectionOf(endpoint), (client) => askReady(client, endpoint))
  }

  async #askMembers(target: ProbeTarget, known: Acquaintance, intervalMs: number) {
    const nowMs = this.#options.clock.now()
    if (known.members !== undefined && nowMs - known.members.atMs < intervalMs) {
      return known.members.probes
    }
    const answers = await Promise.all(
      target.members.map(async (member) => [member.name, await this.#askMember(member, known)] as const),
    )
    known.members = { atMs: nowMs, probes: Object.fromEntries(answers) }
    return known.members.probes
  }

  async #askMember(member: AskedMember, known: Acquaintance): Promise<MemberProbe> {
    if (member.path === undefined) {
      return await shakeHands(member)
    }
    const client = clientOf(member, known)
    const probe = await askReady(client, member)
    return member.component === 'etcd' && probe.ready ? { ...probe, ...(await askLeader(client)) } : probe
  }

  async #askServiceAccount(target: ProbeTarget, known: Acquaintance): Promise<boolean> {
    if (target.kind === 'home') {
      return true
    }
    const name = { namespace: 'default', name: 'default' }
    known.hasServiceAccount ||= await withClient(connectionOf(target.endpoint), (client) =>
      client.get(SERVICE_ACCOUNTS, { ...name, timeoutMs: TIMEOUT_MS }).then(
        () => true,
        () => false,
      ),
    )
    return known.hasServiceAccount
  }

  /** What cannot be asked now is taken to be as it was: nothing could be written either. */
  async #askObjects(target: ProbeTarget, known: Acquaintance): Promise<boolean> {
    const nowMs = this.#options.clock.now()
    if (target.objects.length === 0 || nowMs - (known.objectsSeenMs ?? 0) < OBJECTS_INTERVAL_MS) {
      return true
    }
    const answers = await withClient(connectionOf(target.endpoint), (client) =>
      Promise.all(target.objects.map((wanted) => askObject(client, wanted))),
    )
    if (answers.every((answer) => answer === 'there')) {
      known.objectsSeenMs = nowMs
    }
    return !answers.includes('otherwise') && (known.objectsSeenMs !== undefined || !answers.includes('unknown'))
  }

  async #askToken(target: ProbeTarget, known: Acquaintance): Promise<MemberProbe> {
    if (target.kind === 'home') {
      return { ready: true }
    }
    const { clock, region, probeUsername } = this.#options
    const nowMs = clock.now()
    if (known.token?.probe.ready === true && nowMs - known.token.atMs < TOKEN_INTERVAL_MS) {
      return known.token.probe
    }
    const { eksName, probeKey, endpoint } = target
    const token = clusterToken({ clusterName: eksName, region, credentials: probeKey, nowMs })
    const { host, port, serverName, caCertificate } = endpoint
    const connection = { server: serverUrl(host, port), caCertificate, tlsServerName: serverName, token }
    const probe = await withClient(connection, (client) => askWhoAmI(client, probeUsername))
    known.token = { atMs: nowMs, probe }
    return probe
  }
}

async function askObject(client: KubeClient, { resource, object }: ClusterObject) {
  const { name, namespace } = object.metadata
  const options = { name: name ?? '', ...(namespace === undefined ? {} : { namespace }), timeoutMs: TIMEOUT_MS }
  try {
    const found = await client.get(resource, options)
    return isAsWanted(found, object) ? ('there' as const) : ('otherwise' as const)
  } catch (error) {
    return isNotFound(error) ? ('otherwise' as const) : ('unknown' as const)
  }
}

async function askReady(client: KubeClient, { path = '/readyz' }: AskedMember): Promise<MemberProbe> {
  return await told(async () => {
    await client.request(path, { timeoutMs: TIMEOUT_MS })
    return { ready: true }
  })
}

/** etcd's own API as JSON over HTTP (grpc-gateway, 3.5 to 3.7): a member leads when the leader's id is its own. */
async function askLeader(client: KubeClient): Promise<{ leader?: boolean }> {
  try {
    const status = await client.request('/v3/maintenance/status', { method: 'POST', body: {}, timeoutMs: TIMEOUT_MS })
    const { leader, header } = status as { leader?: string; header?: { member_id?: string } }
    return leader === undefined ? {} : { leader: leader === header?.member_id }
  } catch {
    // Healthy a moment ago: who leads is told by the next look.
    return {}
  }
}

async function askWhoAmI(client: KubeClient, expected: string): Promise<MemberProbe> {
  return await told(async () => {
    const review = await client.request('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      method: 'POST',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      timeoutMs: TIMEOUT_MS,
    })
    const { status } = review as { status?: { userInfo?: { username?: string } } }
    const username = status?.userInfo?.username
    return username === expected ? { ready: true } : { ready: false, detail: `the token was taken for ${username}` }
  })
}

/** Name of the check of kube-apiserver's `/readyz` that fails from SIGTERM on. */
const SHUTDOWN_CHECK = 'shutdown'

/** No answer is an answer here: why goes into the detail. */
async function told(ask: () => Promise<MemberProbe>): Promise<MemberProbe> {
  try {
    return await ask()
  } catch (error) {
    const leaving = error instanceof KubeError && error.failedChecks.includes(SHUTDOWN_CHECK)
    return {
      ready: false,
      detail: error instanceof Error ? error.message : String(error),
      ...(leaving ? { leaving } : {}),
    }
  }
}

/** A hop passes bytes: a certificate of etcd that comes through it proves both. */
function shakeHands({ host, port, serverName, caCertificate, client }: AskedMember): Promise<MemberProbe> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      servername: serverName,
      ca: caCertificate,
      timeout: TIMEOUT_MS,
      ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    })
    const end = (probe: MemberProbe): void => {
      resolve(probe)
      socket.destroy()
    }
    socket.once('secureConnect', () => end({ ready: true }))
    socket.once('timeout', () => end({ ready: false, detail: `no handshake in ${TIMEOUT_MS} ms` }))
    socket.once('error', (error) => end({ ready: false, detail: error.message }))
    socket.once('close', () => end({ ready: false, detail: 'the connection was closed' }))
  })
}

export function connectionOf({ host, port, serverName, caCertificate, client }: AskedMember): KubeConnection {
  return {
    server: serverUrl(host, port),
    caCertificate,
    tlsServerName: serverName,
    ...(client === undefined ? {} : { clientCertificate: client.certificate, clientKey: client.key }),
  }
}

/** A kept connection, made anew when certificates have changed. */
function clientOf(member: AskedMember, known: Acquaintance): KubeClient {
  const connection = connectionOf(member)
  const stamp = [connection.server, connection.caCertificate, connection.clientCertificate].join('\n')
  const kept = known.clients.get(member.name)
  if (kept?.stamp === stamp) {
    return kept.client
  }
  kept?.client.close()
  const client = new KubeClient(connection, { userAgent: 'evenkeel-keeper' })
  known.clients.set(member.name, { stamp, client })
  return client
}

async function withClient<T>(connection: KubeConnection, ask: (client: KubeClient) => Promise<T>): Promise<T> {
  const client = new KubeClient(connection, { userAgent: 'evenkeel-keeper' })
  try {
    return await ask(client)
  } finally {
    client.close()
  }
}

function serverUrl(host: string, port: number): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}
