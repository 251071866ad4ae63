import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AccessDeniedException,
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  DescribeUpdateCommand,
  EKSClient,
  type EKSClientConfig,
  InvalidRequestException,
  ListClustersCommand,
  ListTagsForResourceCommand,
  ListUpdatesCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterConfigCommand,
} from '@aws-sdk/client-eks'
import { userObjects } from '@evenkeel/contract/identity'
import {
  CLUSTERS,
  type Cluster,
  KEEPER_IDENTITY,
  objectName,
  SERVICE_IDENTITY,
  serviceRights,
  UPDATES,
  USERS,
} from '@evenkeel/contract/kinds'
import { releases } from '@evenkeel/distribution/releases'
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  type KubeClient,
  Metrics,
  NAMESPACES,
  ROLE_BINDINGS,
  SECRETS,
  silentLogger,
  systemClock,
} from '@evenkeel/kernel'
import { freePort, waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HomeInstallation } from './home/index.ts'
import { Identity } from './identity/index.ts'
import { runService } from './run-service.ts'
import { readSettings } from './settings.ts'
import { HARNESS_TIMEOUT_MS, HomeHarness } from './testing/home-harness.ts'

const ACCOUNT = '000000000001'
const namespace = `account-${ACCOUNT}`
const WISH = { roleArn: `arn:aws:iam::${ACCOUNT}:role/eks`, resourcesVpcConfig: {} }
const admin = userObjects({ accountId: ACCOUNT, userName: 'admin', isAdmin: true, random: new Uint8Array(40) })
const guest = userObjects({ accountId: ACCOUNT, userName: 'Guest', random: new Uint8Array(40).fill(1) })

let folder: string
let home: HomeHarness
let keeper: KubeClient
let client: EKSClient
let endpoint: string
const stopping = new AbortController()
let running: Promise<void>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-service-'))
  home = await HomeHarness.start([
    { user: SERVICE_IDENTITY.user, groups: [SERVICE_IDENTITY.group] },
    { user: KEEPER_IDENTITY.user, groups: [KEEPER_IDENTITY.group] },
  ])
  keeper = home.client(KEEPER_IDENTITY.user)
  const owner = home.client()
  for (const right of serviceRights()) {
    const resource = right.kind === 'ClusterRole' ? CLUSTER_ROLES : CLUSTER_ROLE_BINDINGS
    await owner.apply(resource, right, { fieldManager: 'test' })
  }
  await startService()
  for (const { namespace: account, user, accessKey, adminBinding } of [admin, guest]) {
    await owner.apply(NAMESPACES, account, { fieldManager: 'test' })
    if (adminBinding) await owner.apply(ROLE_BINDINGS, adminBinding, { fieldManager: 'test' })
    await owner.create(USERS, user)
    await owner.create(SECRETS, accessKey)
  }
  client = clientOf(admin)
}, HARNESS_TIMEOUT_MS)

afterAll(async () => {
  client?.destroy()
  stopping.abort()
  await running
  await home?.stop()
  await rm(folder, { recursive: true })
})

async function startService(): Promise<void> {
  const { server, caCertificate = '', token } = home.connection(SERVICE_IDENTITY.user)
  const kubeconfig = join(folder, 'service.kubeconfig')
  const authority = Buffer.from(caCertificate).toString('base64')
  await writeFile(
    kubeconfig,
    JSON.stringify({
      'current-context': 'home',
      contexts: [{ name: 'home', context: { cluster: 'home', user: 'service' } }],
      clusters: [{ name: 'home', cluster: { server, 'certificate-authority-data': authority } }],
      users: [{ name: 'service', user: { token } }],
    }),
    { mode: 0o600 },
  )
  const port = await freePort()
  endpoint = `http://127.0.0.1:${port}`
  const settings = readSettings({
    EVENKEEL_HOME: folder,
    EVENKEEL_HOME_KUBECONFIG: kubeconfig,
    EVENKEEL_REGION: 'local-1',
    EVENKEEL_ACCOUNT_ID: ACCOUNT,
    EVENKEEL_PORT: String(port),
  })
  const world = { settings, clock: systemClock, log: silentLogger, metrics: new Metrics() }
  running = runService(
    world,
    {
      openInstallation: ({ client: homeClient, clock, log }) =>
        new HomeInstallation({ client: homeClient, releases: releases(), clock, log }),
      openIdentity(whole) {
        const { region, mirrorFolder } = settings
        const identity = new Identity({ ...whole, region, mirrorFolder })
        return { authenticator: identity, problem: () => identity.problem(), run: (signal) => identity.run(signal) }
      },
    },
    stopping.signal,
  )
  await Promise.race([
    running,
    waitFor(async () => (await fetch(`${endpoint}/readyz`)).ok, {
      what: 'the service to be ready',
      deadlineMs: 60_000,
    }),
  ])
}

function clientOf(user: typeof admin, config: EKSClientConfig = {}): EKSClient {
  const credentials = { accessKeyId: user.accessKeyId, secretAccessKey: user.secretAccessKey }
  return new EKSClient({ endpoint, region: 'local-1', credentials, maxAttempts: 1, ...config })
}

async function phaseOf(name: string): Promise<string | undefined> {
  return (await client.send(new DescribeClusterCommand({ name }))).cluster?.status
}

describe('the service over a real home', () => {
  it('when a cluster lives from its wish to its end, home, keeper and caller agree at every step', async () => {
    const name = 'Web_1'
    const place = { namespace, name: objectName(name) }
    const created = await client.send(new CreateClusterCommand({ name, ...WISH, tags: { team: 'a' } }))
    expect(created.cluster).toMatchObject({ name, status: 'CREATING', version: '1.37' })
    const object = await keeper.get<Cluster>(CLUSTERS, place)
    expect(object.spec).toMatchObject({ eksName: name, creator: admin.arn, tags: { team: 'a' } })
    await expect(client.send(new CreateClusterCommand({ name, ...WISH }))).rejects.toBeInstanceOf(
      ResourceInUseException,
    )

    await keeper.mergePatch(CLUSTERS, { ...place, subresource: 'status', patch: { status: { phase: 'ACTIVE' } } })
    await expect.poll(() => phaseOf(name)).toBe('ACTIVE')

    const resourceArn = created.cluster?.arn ?? expect.unreachable()
    await client.send(new TagResourceCommand({ resourceArn, tags: { 'b/ü': 'c d' } }))
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }))
    expect((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ 'b/ü': 'c d' })

    const { update } = await client.send(new UpdateClusterConfigCommand({ name, deletionProtection: true }))
    const updateId = update?.id ?? expect.unreachable()
    expect((await client.send(new ListUpdatesCommand({ name }))).updateIds).toEqual([updateId])
    expect(await keeper.get(UPDATES, { namespace, name: updateId })).toMatchObject({ spec: { creator: admin.arn } })
    await expect(client.send(new DeleteClusterCommand({ name }))).rejects.toBeInstanceOf(InvalidRequestException)
    await keeper.mergePatch(UPDATES, {
      namespace,
      name: updateId,
      subresource: 'status',
      patch: { status: { phase: 'Successful' } },
    })
    await expect
      .poll(async () => (await client.send(new DescribeUpdateCommand({ name, updateId }))).update?.status)
      .toBe('Successful')
    await client.send(new UpdateClusterConfigCommand({ name, deletionProtection: false }))

    expect((await client.send(new DeleteClusterCommand({ name }))).cluster?.status).toBe('DELETING')
    expect((await client.send(new DeleteClusterCommand({ name }))).cluster?.status).toBe('DELETING')
    expect(await phaseOf(name)).toBe('DELETING')
    await keeper.mergePatch(CLUSTERS, { ...place, patch: { metadata: { finalizers: [] } } })
    await expect.poll(() => phaseOf(name).catch((error: unknown) => error)).toBeInstanceOf(ResourceNotFoundException)
  })

  it('when a keeper writes status all the while, a deletion is accepted all the same', async () => {
    const name = 'busy'
    await client.send(new CreateClusterCommand({ name, ...WISH }))
    const busy = new AbortController()
    const writing = (async () => {
      for (let n = 0; !busy.signal.aborted; n += 1) {
        const status = { phase: 'CREATING', endpoint: `https://127.0.0.1:${n}` }
        await keeper.mergePatch(CLUSTERS, { namespace, name, subresource: 'status', patch: { status } })
      }
    })()
    expect((await client.send(new DeleteClusterCommand({ name }))).cluster?.status).toBe('DELETING')
    busy.abort()
    await writing
    await keeper.mergePatch(CLUSTERS, { namespace, name, patch: { metadata: { finalizers: [] } } })
  })

  it('when somebody without rights asks, the home says no', async () => {
    const other = clientOf(guest)
    await expect(other.send(new ListClustersCommand({}))).rejects.toBeInstanceOf(AccessDeniedException)
    await expect(other.send(new CreateClusterCommand({ name: 'x', ...WISH }))).rejects.toThrow(
      `User: ${guest.arn} is not authorized to perform: eks:CreateCluster`,
    )
    other.destroy()
  })

  it('when a request is tampered with, it is refused', async () => {
    const wrong = clientOf({ ...admin, secretAccessKey: 'wrong' })
    await expect(wrong.send(new ListClustersCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException' })
    wrong.destroy()
  })
})
