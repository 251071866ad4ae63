import {
  CLUSTERS,
  type Cluster,
  clusterId,
  NODE_GROUPS,
  type NodeGroup,
  SIGNING_KEY_NAMESPACE,
  UPDATES,
  type Update,
} from '@evenkeel/contract/kinds'
import { createLogger, Metrics, SECRETS, type Secret } from '@evenkeel/kernel'
import { FakeClock, FakeHome, waitFor } from '@evenkeel/kernel/testing'
import { SimulatedSubstrate } from '@evenkeel/substrate-simulated'
import { describe, expect, it } from 'vitest'
import type { AuthenticatorFolder } from './access/index.ts'
import { actForCell } from './acting-keeper.ts'
import { RenderedBlueprint, SimulatedProber } from './control-plane/index.ts'
import { KeeperStatusPage } from './keeper-status.ts'
import { RenderedNodeBlueprint, SimulatedNodeApi } from './node-group/index.ts'
import { nodeGroupObject } from './node-group/testing/node-group-world.ts'
import { clusterObject, RELEASE } from './testing/keeper-world.ts'

const BUNDLE = { kubelet: 'v1.36.3', containerd: 'v2.4.2', runc: 'v1.5.2', cniPlugins: 'v1.10.0' }
const NAME = { namespace: 'account-000000000001', name: 'web' }

class MemoryFolder implements AuthenticatorFolder {
  readonly files = new Map<string, string>()
  read = async (file: string) => this.files.get(file)
  write = async (file: string, content: string) => void this.files.set(file, content)
  remove = async (file: string) => void this.files.delete(file)
  list = async () => [...this.files.keys()]
}

/** A home, a cell, and keepers that can be killed: only programs are not real. */
async function rig() {
  const home = await FakeHome.start()
  // The home is asked over real HTTP and gives its objects the time of the machine.
  const clock = new FakeClock(Date.now())
  const substrate = new SimulatedSubstrate({ clock })
  const folder = new MemoryFolder()
  const metrics = new Metrics()
  const lines: { reconciler?: string; cluster?: string; step?: string; subject?: string }[] = []
  const start = () => {
    const abort = new AbortController()
    const page = new KeeperStatusPage('a')
    const running = actForCell(
      {
        substrate,
        clock,
        log: createLogger('keeper', { level: 'info', write: (line) => lines.push(JSON.parse(line)) }),
        metrics,
        region: 'local-1',
        home: home.client(),
        homeAdministrator: undefined,
        serviceHosts: [],
        homeFiles: { read: async () => undefined, write: async () => {} },
        folder,
        blueprint: new RenderedBlueprint({
          layout: (id) => substrate.instances.layout(id),
          authenticatorUrls: { a: 'https://127.9.1.1:9443', b: 'https://127.9.2.1:9443' },
        }),
        prober: new SimulatedProber({ substrate, clock }),
        objects: { write: async () => {} },
        programs: { observe: async () => ({ state: 'present' }), request: () => {} },
        nodes: new SimulatedNodeApi(substrate.machines),
        nodePrograms: { observe: async () => ({ state: 'present' }), request: () => {} },
        nodeBlueprint: new RenderedNodeBlueprint({
          layout: () => substrate.machines.layout(),
          region: 'local-1',
          sandboxImage: 'pause',
        }),
        nodeAddresses: { claimNode: async () => ({ host: '', podCidr: '' }), releaseNode: async () => {} },
        bundleOf: (releaseVersion) => ({ ...BUNDLE, releaseVersion }),
        supervision: {
          ensureTrees: async () => [],
          ownPrograms: () => [],
          self: { cluster: 'evenkeel', name: 'keeper-a' },
        },
        page,
        offeredRelease: (minor) => (minor === '1.37' ? RELEASE : undefined),
      },
      abort.signal,
    )
    return {
      page,
      kill: async () => {
        abort.abort()
        await running
      },
    }
  }
  const seen = () => home.objects<Cluster>(CLUSTERS)[0]
  return {
    home,
    clock,
    substrate,
    folder,
    metrics,
    lines,
    start,
    seen,
    /** Lets time pass until something is so. */
    until: async (what: string, condition: () => unknown) =>
      await waitFor(
        async () => {
          await clock.advance(100)
          return Boolean(condition())
        },
        { what, deadlineMs: 15_000, intervalMs: 5 },
      ),
    create: async () => {
      const { metadata: _made, ...rest } = clusterObject({ name: 'web' })
      const object = await home.client().create<Cluster>(CLUSTERS, { ...rest, metadata: NAME })
      return clusterId(object.metadata.uid ?? '')
    },
    [Symbol.asyncDispose]: () => home.goAway(),
  }
}

describe('an acting keeper', () => {
  it('when a cluster is made and deleted in the home, it becomes ACTIVE and then nothing is left', async () => {
    await using world = await rig()
    const keeper = world.start()
    const id = await world.create()
    await world.until('the cluster to be ACTIVE', () => world.seen()?.status?.phase === 'ACTIVE')
    expect(world.seen()?.status).toMatchObject({ id, network: 'simulated', health: { issues: [] } })
    expect(world.folder.files.has(`clusters/${id}.json`)).toBe(true)
    expect(keeper.page.show().controlPlanes).toMatchObject([{ id, phase: 'ACTIVE', namespace: NAME.namespace }])
    expect(await world.metrics.render()).toContain('evenkeel_keeper_clusters_items{phase="ACTIVE"} 1')

    await world.home.client().delete(CLUSTERS, NAME)
    await world.until('the object to be gone', () => world.seen() === undefined)
    expect(await world.substrate.remains(id)).toEqual([])
    expect(world.folder.files.has(`clusters/${id}.json`)).toBe(false)
    expect(keeper.page.show().controlPlanes).toEqual([])
    await keeper.kill()
    const told = world.lines.filter(({ reconciler }) => reconciler !== 'access.signing-keys')
    expect(new Set(told.map(({ cluster }) => cluster))).toEqual(new Set(['web']))
    expect(told).toContainEqual(
      expect.objectContaining({ clusterId: id, step: 'EnsureInstance', subject: 'kube-apiserver-a' }),
    )
  })

  it("when the authenticators' folder is wiped, clusters and signing keys are written again", async () => {
    await using world = await rig()
    const keeper = world.start()
    const id = await world.create()
    await world.until('the cluster to be ACTIVE', () => world.seen()?.status?.phase === 'ACTIVE')
    const files = [`clusters/${id}.json`, 'signing-keys.json']
    await world.until('both files', () => files.every((file) => world.folder.files.has(file)))
    world.folder.files.clear()
    await world.until('both files again', () => files.every((file) => world.folder.files.has(file)))
    await keeper.kill()
  })

  it('when an object is not named as its EKS name wants it, it fails with the reason, makes nothing, and can go', async () => {
    await using world = await rig()
    const keeper = world.start()
    const { metadata: _made, ...rest } = clusterObject({ name: 'web', spec: { eksName: 'Web' } })
    const named = { ...NAME, name: `x-${'a'.repeat(24)}` }
    const object = await world.home.client().create<Cluster>(CLUSTERS, { ...rest, metadata: named })
    await world.until('the object to have failed', () => world.seen()?.status?.phase === 'FAILED')
    const message = expect.stringMatching(
      /metadata.name is x-a+, and a cluster with eksName Web is named x-\w+; delete it/,
    )
    expect(world.seen()?.status).toMatchObject({
      conditions: [{ type: 'Accepted', status: 'False', reason: 'SpecRefused', message }],
      health: { issues: [{ code: 'ConfigurationConflict', message }] },
    })
    expect(await world.substrate.remains(clusterId(object.metadata.uid ?? ''))).toEqual([])
    await world.home.client().delete(CLUSTERS, named)
    await world.until('the object to be gone', () => world.seen() === undefined)
    await keeper.kill()
  })

  it('when the home is set back, what was accepted is kept, and the object says so until it is changed again', async () => {
    await using world = await rig()
    const keeper = world.start()
    await world.create()
    const client = world.home.client()
    const change = (tags: Record<string, string>) => client.mergePatch(CLUSTERS, { ...NAME, patch: { spec: { tags } } })
    await world.until('the cluster to be ACTIVE', () => world.seen()?.status?.phase === 'ACTIVE')
    const id = world.seen()?.status?.id ?? ''
    const record = await world.substrate.records.read(id, 'intent.json')
    // As if the home had accepted more and then lost it.
    const later = { ...(JSON.parse(record ?? '') as object), generation: 2, digest: 'later' }
    await keeper.kill()
    await world.substrate.records.write(id, 'intent.json', JSON.stringify(later))
    const next = world.start()
    const accepted = () => world.seen()?.status?.conditions?.find(({ type }) => type === 'Accepted')
    await world.until('the object to say so', () => accepted()?.reason === 'HomeSetBack')
    expect(accepted()?.message).toMatch(/the home shows generation 1, accepted was generation 2/)
    expect(world.seen()?.status?.phase).toBe('ACTIVE')
    await change({ a: 'b' })
    await change({ a: 'c' })
    await world.until('the condition to be gone', () => accepted() === undefined)
    await next.kill()
  })

  it('when a settled cluster is left alone, it writes nothing to the home', async () => {
    await using world = await rig()
    const keeper = world.start()
    await world.create()
    await world.until('the cluster to be ACTIVE', () => world.seen()?.status?.phase === 'ACTIVE')
    await world.until('the status to say so', () => world.seen()?.status?.conditions?.at(-1)?.reason === 'Serving')
    const before = world.home.writes.length
    await world.clock.advance(60_000)
    expect(world.home.writes.length).toBe(before)
    await keeper.kill()
  })

  it('when the home is dead, it repairs all the same, and tells the home when it is back', async () => {
    await using world = await rig()
    const keeper = world.start()
    const id = await world.create()
    await world.until('the cluster to be ACTIVE', () => world.seen()?.status?.phase === 'ACTIVE')
    await world.home.goAway()
    world.substrate.instances.loseSupervisor(id, 'b')
    world.substrate.instances.afflict(id, 'etcd-c', { kind: 'silent' })
    await world.until('members to be seen as unsupervised', () =>
      keeper.page.show().controlPlanes[0]?.members.some(({ state }) => state === 'Unsupervised'),
    )
    world.substrate.instances.mend(id, 'etcd-c')
    await world.until('all to be supervised again', () =>
      keeper.page.show().controlPlanes[0]?.members.every(({ state }) => state === 'Ready'),
    )
    world.substrate.instances.afflict(id, 'etcd-c', { kind: 'silent' })
    await world.until('the member to be missed', () =>
      keeper.page.show().controlPlanes[0]?.members.some(({ state }) => state === 'NotReady'),
    )
    await world.home.comeBack()
    await world.until('the home to be told', () =>
      world.seen()?.status?.members?.some(({ name, state }) => name === 'etcd-c' && state === 'NotReady'),
    )
    await keeper.kill()
  })

  it('when a keeper is killed at any moment of a create, the next one finishes it', async () => {
    await using world = await rig()
    const id = await world.create()
    for (let life = 0; life < 40; life += 1) {
      const keeper = world.start()
      await world.until('something to happen', () => true)
      await keeper.kill()
    }
    const keeper = world.start()
    await world.until('the cluster to be ACTIVE', () => world.seen()?.status?.phase === 'ACTIVE')
    expect((await world.substrate.instances.observe(id)).length).toBe(13)
    await keeper.kill()
  })

  it('when signing keys are in the home, the authenticators get them, and keep them when the home is dead', async () => {
    await using world = await rig()
    const keeper = world.start()
    const encode = (text: string) => Buffer.from(text).toString('base64')
    const today = new Date(world.clock.now()).toISOString().slice(0, 10)
    const days = { [today.replaceAll('-', '')]: Buffer.alloc(32, 1).toString('base64') }
    const tomorrow = new Date(Date.parse(today) + 86_400_000).toISOString().replace('.000', '')
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: SIGNING_KEY_NAMESPACE, name: 'k1' },
      data: {
        accessKeyId: encode('AKIA000000000000TEST'),
        principalArn: encode('arn:aws:iam::000000000001:user/admin'),
        keys: encode(JSON.stringify(days)),
      },
    }
    await world.home.client().create(SECRETS, secret)
    const told = () => world.folder.files.get('signing-keys.json')?.includes('AKIA000000000000TEST')
    await world.until('the keys to be told', told)
    await world.create()
    await world.until('the date to be shown', () => world.seen()?.status?.tokensValidUntil === tomorrow)

    const spoil = (keys: string) =>
      world.home.client().mergePatch(SECRETS, {
        namespace: SIGNING_KEY_NAMESPACE,
        name: 'k1',
        patch: { data: { keys: encode(keys) } },
      })
    const condition = () => world.seen()?.status?.conditions?.find(({ type }) => type === 'SigningKeysReadable')
    await spoil('{')
    await world.until('the cluster to say that a key cannot be read', () => condition()?.status === 'False')
    expect(condition()?.message).toMatch(/^data.keys of Secret k1 is not JSON: /)
    expect(keeper.page.show().controlPlanes[0]?.conditions.at(-1)?.type).toBe('SigningKeysReadable')
    await spoil(JSON.stringify(days))
    await world.until('the condition to be gone', () => condition() === undefined)
    await world.until('the keys to be told once more', told)
    await keeper.kill()
    await world.home.goAway()
    world.folder.files.clear()
    const next = world.start()
    await world.until('the keys to be told again', told)
    await next.kill()
  })

  it('when a cluster gets a node group, it has nodes, the next keeper keeps them, and it is not removed before its group', async () => {
    await using world = await rig()
    const client = world.home.client()
    const keeper = world.start()
    const id = await world.create()
    await world.until('the cluster to be ACTIVE', () => world.seen()?.status?.phase === 'ACTIVE')
    const { metadata, ...rest } = nodeGroupObject()
    const group = { namespace: NAME.namespace, name: metadata.name }
    await client.create<NodeGroup>(NODE_GROUPS, { ...rest, metadata: group })
    const shown = () => world.home.objects<NodeGroup>(NODE_GROUPS)[0]
    await world.until('the group to be ACTIVE', () => shown()?.status?.phase === 'ACTIVE')
    expect(shown()?.status).toMatchObject({ nodeCount: 3, readyCount: 3, health: { issues: [] } })
    expect(keeper.page.show().nodeGroups).toMatchObject([{ cluster: id, nodegroupName: 'workers', phase: 'ACTIVE' }])
    await keeper.kill()

    const next = world.start()
    const [first] = await world.substrate.machines.observe(id)
    world.substrate.machines.kill(id, first?.name ?? '')
    await world.until('the machine to be started again', async () =>
      (await world.substrate.machines.observe(id)).every(({ state }) => state === 'running'),
    )

    const update = { namespace: NAME.namespace, name: 'u1' }
    const lastConfigUpdate = { id: 'u1' }
    await client.create<Update>(UPDATES, {
      apiVersion: rest.apiVersion,
      kind: 'Update',
      metadata: {
        ...update,
        ownerReferences: [
          { apiVersion: rest.apiVersion, kind: 'NodeGroup', name: group.name, uid: shown()?.metadata.uid ?? '' },
        ],
      },
      spec: { clusterName: 'web', nodegroupName: 'workers', type: 'ConfigUpdate', params: [] },
    })
    const scalingConfig = { minSize: 0, maxSize: 6, desiredSize: 1 }
    await client.mergePatch(NODE_GROUPS, { ...group, patch: { spec: { scalingConfig, lastConfigUpdate } } })
    await world.until(
      'the update to be done',
      () => world.home.objects<Update>(UPDATES)[0]?.status?.phase === 'Successful',
    )
    expect(await world.substrate.machines.observe(id)).toHaveLength(1)

    await client.delete(CLUSTERS, NAME)
    await world.until('the removal to be held up by the group', () =>
      next.page.show().controlPlanes.some(({ notes }) => notes.some(({ detail }) => detail.includes('workers'))),
    )
    expect((await world.substrate.instances.observe(id)).length).toBeGreaterThan(0)
    await client.delete(NODE_GROUPS, group)
    await world.until('the group to be gone', () => shown() === undefined)
    await world.until('the cluster to be gone', () => world.seen() === undefined)
    expect(await world.substrate.remains(id)).toEqual([])
    expect(next.page.show().nodeGroups).toEqual([])
    await next.kill()
  })
})
