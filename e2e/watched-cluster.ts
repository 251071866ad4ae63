import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { waitFor } from '@evenkeel/kernel/testing'
import { memberAddress } from './from-below.ts'
import type { Installation } from './installation.ts'
import { type ProbeError, Prober, probedCluster } from './prober.ts'
import { type InstalledProcess, type ProcessEnd, ProcessTable, ProcessWatch } from './processes.ts'

/** How an election of etcd may end at the latest: both members wait one to two seconds, then one is elected. */
const ELECTION_MS = 2500
/** An API server that leaves in good order closes idle connections so long before its end: its grace for watches. */
const LEAVING_MS = 10_000
/** How long a client may take to hear that its connection was cut, on a busy machine. */
const HEARD_MS = 2000
/** Programs that requests of a client pass through. */
const ON_THE_WAY = /\.(endpoint|kube-apiserver|etcd-hop|etcd)-/

interface KeptMember {
  readonly name: string
  readonly state: string
  readonly leader?: boolean
}

interface KeptControlPlane {
  readonly id: string
  readonly eksName?: string
  readonly phase: string
  readonly seenAt: string
  readonly members: readonly KeptMember[]
  readonly notes: readonly unknown[]
}

/** A hosted cluster of an installation, with a client that uses it all the time and an eye on every process. */
export class WatchedCluster {
  readonly id: string
  readonly prober: Prober
  readonly table: ProcessTable
  readonly watch: ProcessWatch
  readonly #home: string
  readonly #octet: number
  /** Of a hop: whom members of etcd let ask. It is kept here, since files may be wiped. */
  readonly #pem: string

  private constructor(evenkeel: Installation, id: string, eksName: string) {
    const home = evenkeel.home
    this.#home = home
    this.id = id
    const target = probedCluster(evenkeel, eksName)
    this.#octet = Number(target.host.split('.')[1])
    this.#pem = readFileSync(join(home, 'run', 'clusters', id, 'etcd-hop-a', 'pki', 'client.pem'), 'utf8')
    this.prober = new Prober(target)
    this.table = new ProcessTable(home)
    this.watch = new ProcessWatch(this.table)
  }

  /** Begins to use the only cluster that an installation has. */
  static async start(evenkeel: Installation, eksName: string): Promise<WatchedCluster> {
    const status = JSON.parse(await evenkeel.evenkeel(['status', '-o', 'json'])) as {
      clusters: { id: string; name: string }[]
    }
    const id = status.clusters.find(({ name }) => name === eksName)?.id
    if (id === undefined) throw new Error(`there is no cluster ${eksName}`)
    const cluster = new WatchedCluster(evenkeel, id, eksName)
    await cluster.prober.start()
    return cluster
  }

  async stop(): Promise<void> {
    await this.prober.stop()
    this.watch.stop()
  }

  /** `etcd-a` is that of the cluster, `authenticator-a` and the like are the installation's; trees are `tree-<place>`. */
  fullName(name: string): string {
    if (name.startsWith('tree-')) return name
    return /^(authenticator|keeper|service)/.test(name) ? `evenkeel.${name}` : `${this.id}.${name}`
  }

  find(role: InstalledProcess['role'], name: string): InstalledProcess | undefined {
    const of = this.fullName(name)
    return this.table.look().find((process) => process.role === role && process.of === of)
  }

  /** What the acting keeper sees; undefined where none acts. */
  async kept(): Promise<KeptControlPlane | undefined> {
    for (const zone of [1, 2, 3]) {
      const text = await read(`http://127.${this.#octet}.${zone}.1:9090/status`).catch(() => '{}')
      const page = JSON.parse(text) as { acts?: boolean; controlPlanes?: KeptControlPlane[] }
      if (page.acts) return page.controlPlanes?.find(({ id }) => id === this.id)
    }
    return undefined
  }

  async etcdLeader(): Promise<string> {
    return await waitFor(async () => (await this.kept())?.members.find(({ leader }) => leader)?.name, {
      what: 'a leader of etcd to be known',
      deadlineMs: 20_000,
    })
  }

  /** Whether a program answers that it is ready, asked straight. */
  async isReady(name: string): Promise<boolean> {
    const component = name.replace(/-[abc12]$/, '')
    const asked = ASKED[component]
    if (component === 'endpoint') return await this.#balances(name)
    if (component === 'authenticator') {
      const zone = name.slice(-1).charCodeAt(0) - 'a'.charCodeAt(0) + 1
      return await isGood(`http://127.${this.#octet}.${zone}.1:9444/readyz`)
    }
    if (asked === undefined) throw new Error(`nobody knows how to ask ${name}`)
    const host = memberAddress(this.#home, this.id, name.slice(-1))
    if (asked.path === undefined) return await shakesHands({ host, port: asked.port, pem: this.#pem })
    // Who is no member of etcd takes a certificate of etcd's authority for an impostor's.
    return await isGood(`https://${host}:${asked.port}${asked.path}`, component === 'etcd' ? this.#pem : undefined)
  }

  /** Whether a balancer knows both API servers to be up. */
  async #balances(name: string): Promise<boolean> {
    const path = join(this.#home, 'run', 'clusters', this.id, name, 'admin.sock')
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connectSocket({ path }, () => socket.end('show servers state tcp\n'))
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      socket.once('error', () => resolve(''))
      socket.once('close', () => resolve(text))
    })
    return ['a', 'b'].every((zone) => new RegExp(` ${zone} \\S+ 2 `).test(answer))
  }

  /** Waits until the keeper sees every member ready and has nothing more to do, and every program has its supervisor. */
  async untilSettled(deadlineMs: number): Promise<void> {
    const sinceMs = Date.now()
    let last = ''
    await waitFor(
      async () => {
        const kept = await this.kept()
        const waits = (kept?.members ?? []).filter(({ state }) => state !== 'Ready').map(({ name }) => name)
        last = JSON.stringify({
          seenAt: kept?.seenAt,
          phase: kept?.phase,
          waits,
          notes: kept?.notes,
          alone: this.unsupervised(),
        })
        if (kept === undefined || Date.parse(kept.seenAt) < sinceMs) return false
        return waits.length === 0 && kept.notes.length === 0 && this.unsupervised().length === 0
      },
      { what: 'the cluster to be settled', deadlineMs, intervalMs: 100 },
    ).catch((error: unknown) => {
      throw new Error(`not settled: ${last}`, { cause: error })
    })
  }

  /** Programs whose parent is no supervisor. A logger without one is fine: a copy of it waits to take its place. */
  unsupervised(): string[] {
    const all = this.table.look()
    const supervisors = new Set(all.filter(({ role }) => role === 'supervisor').map(({ pid }) => pid))
    return all
      .filter(({ role, parentPid, isEnding }) => role === 'program' && !isEnding && !supervisors.has(parentPid))
      .map(({ of }) => of)
  }

  /** Errors since `from` that were not in flight when a process on their way ended. */
  unexcused(from: number): ProbeError[] {
    return unexcused(this.prober.errors.slice(from), this.watch.ends, this.id)
  }
}

/** Errors of requests to the cluster `id` that were not in flight when a process on their way ended. */
export function unexcused(errors: readonly ProbeError[], ends: readonly ProcessEnd[], id: string): ProbeError[] {
  const onTheWay = ends.filter(({ role, of }) => role === 'program' && of.startsWith(id) && ON_THE_WAY.test(of))
  return errors.filter((error) => !onTheWay.some((end) => wasInFlight(error, end)))
}

/**
 * What counts as in flight when a process on the way of a request ends:
 * - a request that was sent and not answered at that moment;
 * - a request on a connection that was open through that process, of whose end its client had not heard yet: it breaks
 *   off, it is not answered with an error. An API server that leaves in good order closes idle connections seconds before
 *   its end;
 * - a write that a member of etcd had handed to its leader. etcd (3.7) tells members of the end of their leader by nothing
 *   but silence, so until one of them is elected they hand over what comes, and answer 7 s later that it timed out. A leader
 *   that ends in good order drops what is handed to it while it hands over leadership, milliseconds before its end.
 */
function wasInFlight(error: ProbeError, end: ProcessEnd): boolean {
  if (error.begunMs <= end.goneMs && error.failedMs >= end.seenMs) return true
  if (error.status === undefined) {
    const wasOpen = (error.connectedMs ?? Number.POSITIVE_INFINITY) <= end.goneMs
    return wasOpen && error.failedMs >= end.seenMs - LEAVING_MS && error.failedMs <= end.goneMs + HEARD_MS
  }
  const isLost = error.stream === 'write' && /etcdserver: (request timed out|leader changed)/.test(error.what)
  return (
    isLost && /\.etcd-[abc]$/.test(end.of) && error.begunMs >= end.seenMs && error.begunMs <= end.goneMs + ELECTION_MS
  )
}

const ASKED: Record<string, { readonly port: number; readonly path?: string }> = {
  etcd: { port: 2381, path: '/readyz' },
  'etcd-hop': { port: 2378 },
  'kube-apiserver': { port: 6443, path: '/readyz' },
  'kube-controller-manager': { port: 10257, path: '/healthz' },
  'kube-scheduler': { port: 10259, path: '/readyz' },
}

async function isGood(url: string, pem?: string): Promise<boolean> {
  return await read(url, pem).then(
    () => true,
    () => false,
  )
}

/** The body of an answer of 200. Who answers is not checked: what is asked here is whether somebody does. */
function read(url: string, pem?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, timeout: 2000 } as const
    const call = url.startsWith('https:')
      ? getSecurely(url, {
          ...options,
          rejectUnauthorized: false,
          ...(pem === undefined ? {} : { cert: pem, key: pem }),
        })
      : get(url, options)
    call.once('timeout', () => call.destroy(new Error('no answer in 2 s')))
    call.once('error', reject)
    call.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.once('error', reject)
      response.once('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode}`)),
      )
    })
  })
}

function shakesHands({ host, port, pem }: { host: string; port: number; pem: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, cert: pem, key: pem, rejectUnauthorized: false, timeout: 2000 })
    const end = (done: boolean): void => {
      resolve(done)
      socket.destroy()
    }
    socket.once('secureConnect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
  })
}
