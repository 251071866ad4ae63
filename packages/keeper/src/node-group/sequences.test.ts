import { describe, expect, it } from 'vitest'
import { DRAIN_DEADLINE_MS } from './plan-retirement.ts'
import { machinePrefix } from './snapshot.ts'
import { CLUSTER, GROUP, NEW, NodeGroupWorld, nodeGroupIntent } from './testing/node-group-world.ts'

const MINUTE_MS = 60_000

async function activeWorld(spec: Parameters<typeof nodeGroupIntent>[0] = {}): Promise<NodeGroupWorld> {
  const world = new NodeGroupWorld()
  await world.accept(spec)
  await world.run(world.newKeeper())
  expect(world.last.status.phase).toBe('ACTIVE')
  return world
}

/** The last line of every story. */
async function expectSettled(world: NodeGroupWorld): Promise<void> {
  const result = await world.newKeeper().turn(`${CLUSTER}/${world.last.snapshot.id}`)
  expect(result.plan?.steps).toEqual([])
  expect(result.outcome).toBe('settled')
}

function withinBounds(world: NodeGroupWorld): () => void {
  return () => {
    const { ready, fewest, machines, most } = world.bounds()
    expect(ready).toBeGreaterThanOrEqual(fewest)
    expect(machines).toBeLessThanOrEqual(most)
  }
}

function names(world: NodeGroupWorld): string[] {
  return world.last.snapshot.roster.machines.map(({ name }) => name)
}

describe('create', () => {
  it('when a group is accepted, its machines fill the zones in turn, and it is ACTIVE when all are Ready', async () => {
    const world = new NodeGroupWorld()
    await world.accept({ spec: { scalingConfig: { minSize: 1, maxSize: 6, desiredSize: 4 } } })
    const startMs = world.clock.now()
    await world.run(world.newKeeper())
    expect(world.zones()).toEqual({ a: 2, b: 1, c: 1 })
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', nodeCount: 4, readyCount: 4, version: '1.36' })
    expect(new Set(world.last.status.nodes.map(({ state }) => state))).toEqual(new Set(['Joined']))
    // A simulated machine needs three seconds; the keeper adds less than two.
    expect(world.clock.now() - startMs).toBeLessThan(5000)
    await expectSettled(world)
  })

  it('when no node is desired, it is ACTIVE at once', async () => {
    const world = await activeWorld({ spec: { scalingConfig: { minSize: 0, maxSize: 1, desiredSize: 0 } } })
    expect(world.last.status).toMatchObject({ nodeCount: 0, phase: 'ACTIVE' })
    await expectSettled(world)
  })

  it('when the cluster is not there yet, it waits for it', async () => {
    const world = new NodeGroupWorld()
    world.isReached = false
    await world.accept()
    await world.run(world.newKeeper(), { untilMs: 60 * MINUTE_MS })
    expect(world.last.status.phase).toBe('CREATING')
    expect(world.last.plan.notes).toMatchObject([{ reason: 'NotPossible' }])
    world.isReached = true
    await world.run(world.newKeeper())
    expect(world.last.status.phase).toBe('ACTIVE')
  })

  it('when programs run on machines, addresses and certificates are on record before a machine is made', async () => {
    const world = new NodeGroupWorld()
    world.traits = { runsContainers: true, needsAddress: true }
    world.programs = 'absent'
    await world.accept({ spec: { scalingConfig: { minSize: 0, maxSize: 2, desiredSize: 2 } } })
    await world.run(world.newKeeper(), { untilMs: 5000 })
    expect(world.programs).toBe('arriving')
    expect(world.journal.filter((line) => line.startsWith('make'))).toEqual([])
    world.programs = 'present'
    await world.run(world.newKeeper())
    const told = world.journal.map((line) => line.replaceAll(world.last.snapshot.id, 'GROUP').replace(/ng-\w+-/, 'ng-'))
    expect(told.slice(1)).toEqual([
      'record web/node-group-GROUP.progress.json',
      'record web/node-group-GROUP.roster.json',
      'record web/node-group-GROUP.roster.json',
      'record web/node-group-GROUP.leaves.json',
      'make machine web/ng-1',
      'make machine web/ng-2',
      'record web/node-group-GROUP.roster.json',
      'record web/node-group-GROUP.outcome.json',
      'record web/node-group-GROUP.progress.json',
    ])
    await expectSettled(world)
    world.blueprint.isDue = true
    await world.run(world.newKeeper())
    expect(world.blueprint.renewals).toBe(2)
    await expectSettled(world)
  })

  it('when a node never joins, it fails for good, says which and why, keeps the machines, and can be deleted', async () => {
    const world = new NodeGroupWorld()
    await world.accept()
    const second = `${machinePrefix(GROUP)}2`
    world.substrate.machines.afflict(CLUSTER, second, { kind: 'never-boots' })
    await world.run(world.newKeeper(), { untilMs: 11 * MINUTE_MS })
    expect(world.last.status.phase).toBe('CREATE_FAILED')
    expect(world.last.status.health?.issues).toMatchObject([{ code: 'NodeCreationFailure', resourceIds: [second] }])
    expect(await world.substrate.machines.observe(CLUSTER)).toHaveLength(3)
    await world.acceptIntent({ ...nodeGroupIntent(), deleting: true })
    await world.run(world.newKeeper())
    expect(await world.substrate.remains(CLUSTER)).toEqual([])
  })

  it('when there is no room for its machines, it fails with what there is', async () => {
    const world = new NodeGroupWorld()
    world.substrate.machines.setCapacity({ cpus: 4, memoryMib: 100_000, diskGib: 1000 })
    await world.accept()
    await world.run(world.newKeeper())
    expect(world.last.status).toMatchObject({
      phase: 'CREATE_FAILED',
      health: { issues: [{ code: 'AsgInstanceLaunchFailures', message: expect.stringContaining('0 of 4 are left') }] },
    })
  })

  it('when its bundle is not known, it fails and names it', async () => {
    const world = new NodeGroupWorld()
    world.known = []
    await world.accept()
    await world.run(world.newKeeper())
    expect(world.last.status).toMatchObject({
      phase: 'CREATE_FAILED',
      health: { issues: [{ code: 'NodeCreationFailure' }] },
    })
  })
})

describe('size', () => {
  it('when fewer are desired, the fullest zones give first, pods are evicted, and machine, Node and name go', async () => {
    const world = await activeWorld({ spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 6 } } })
    for (const name of names(world)) {
      world.nodes.place(name, `pod-of-${name}`)
      world.nodes.place(name, `daemon-of-${name}`, { stays: true })
    }
    await world.accept({ generation: 2, spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 2 } } })
    await world.run(world.newKeeper(), { eachTurn: withinBounds(world) })
    expect(world.zones()).toEqual({ a: 1, b: 1, c: 0 })
    expect(world.nodes.evicted).toHaveLength(4)
    expect(world.nodes.evicted.every((name) => name.startsWith('pod-of'))).toBe(true)
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', nodeCount: 2 })
    await expectSettled(world)
  })

  it('when more are desired, the emptiest zones get them, and no name is used again', async () => {
    const world = await activeWorld()
    await world.accept({ generation: 2, spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 1 } } })
    await world.run(world.newKeeper())
    await world.accept({ generation: 3, spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 5 } } })
    await world.run(world.newKeeper(), { eachTurn: () => expect(world.bounds().machines).toBeLessThanOrEqual(7) })
    expect(Object.values(world.zones()).sort()).toEqual([1, 2, 2])
    expect(new Set(names(world)).size).toBe(5)
    expect(names(world).at(-1)).toMatch(/-7$/)
    await expectSettled(world)
  })

  it('when one zone has two more than another, one comes there, and one of the full zone goes only then', async () => {
    const world = await activeWorld({ spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 4 } } })
    const record = `node-group-${world.last.snapshot.id}.roster.json`
    const roster = JSON.parse((await world.substrate.records.read(CLUSTER, record)) ?? '')
    roster.machines = roster.machines.map((machine: { zone: string }) => ({
      ...machine,
      zone: machine.zone === 'c' ? 'a' : machine.zone,
    }))
    // As after a time in which zone c could not have its machine.
    for (const { name, zone } of roster.machines) {
      const spec = world.last.snapshot.desired.get(name)?.spec
      if (spec !== undefined && spec.zone !== zone) {
        await world.substrate.machines.remove({ cluster: CLUSTER, name })
        await world.clock.advance(1000)
        await world.substrate.machines.ensure({ ...spec, zone })
      }
    }
    await world.clock.advance(5000)
    await world.substrate.records.write(CLUSTER, record, JSON.stringify(roster))
    await world.run(world.newKeeper(), { eachTurn: withinBounds(world) })
    expect(Object.values(world.zones()).sort()).toEqual([1, 1, 2])
    await expectSettled(world)
  })

  it('when a budget allows no eviction, the node waits 15 minutes and then goes all the same', async () => {
    const world = await activeWorld()
    for (const name of names(world)) {
      world.nodes.place(name, `pod-of-${name}`)
      world.nodes.budgets.set(`pod-of-${name}`, 'the budget web allows no disruption')
    }
    await world.accept({ generation: 2, spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 2 } } })
    await world.run(world.newKeeper(), { untilMs: DRAIN_DEADLINE_MS - 10_000, eachTurn: withinBounds(world) })
    expect(world.last.status).toMatchObject({ phase: 'UPDATING', nodeCount: 3 })
    const draining = world.last.status.nodes.find(({ state }) => state === 'Draining')
    expect(draining?.message).toContain('the budget web allows no disruption')
    await world.run(world.newKeeper())
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', nodeCount: 2 })
    await expectSettled(world)
  })

  it('when the API of the cluster is away, nothing is drained or removed until it is back', async () => {
    const world = await activeWorld()
    world.nodes.isAway = true
    await world.accept({ generation: 2, spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 1 } } })
    await world.run(world.newKeeper(), { untilMs: 5 * MINUTE_MS })
    expect(await world.substrate.machines.observe(CLUSTER)).toHaveLength(3)
    expect(world.last.status.health?.issues).toMatchObject([{ code: 'ClusterUnreachable' }])
    world.nodes.isAway = false
    await world.run(world.newKeeper())
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', nodeCount: 1, health: { issues: [] } })
    await expectSettled(world)
  })

  it('when a machine is lost, another comes in its zone, and its Node goes', async () => {
    const world = await activeWorld()
    const [first = ''] = names(world)
    await world.substrate.machines.remove({ cluster: CLUSTER, name: first })
    await world.clock.advance(1000)
    await world.run(world.newKeeper())
    expect(names(world)).not.toContain(first)
    expect(world.zones()).toEqual({ a: 1, b: 1, c: 1 })
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', readyCount: 3 })
    await expectSettled(world)
  })

  it('when a machine is off, as after a restart of the host, it is started again under its name', async () => {
    const world = await activeWorld()
    const before = names(world)
    for (const name of before) {
      world.substrate.machines.kill(CLUSTER, name)
    }
    await world.run(world.newKeeper())
    expect(names(world)).toEqual(before)
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', readyCount: 3 })
    await expectSettled(world)
  })
})

describe('labels and taints', () => {
  it('when they change, nodes get them, lose what is gone, and keep what others have put there', async () => {
    const world = await activeWorld({
      spec: { labels: { team: 'blue' }, taints: [{ key: 'k', effect: 'NO_SCHEDULE' }] },
    })
    const [name = ''] = names(world)
    const node = () => (world.last.snapshot.nodes.known ? world.last.snapshot.nodes.byName.get(name) : undefined)
    const target = {
      id: CLUSTER,
      endpoint: { name: '', component: '', host: '', port: 0, serverName: '', caCertificate: '' },
    }
    await world.nodes.patch(target, { name }, { metadata: { labels: { mine: 'yes' } } })
    await world.accept({ generation: 2, spec: { labels: { tier: 'one' } } })
    await world.run(world.newKeeper())
    expect(node()?.labels).toMatchObject({ tier: 'one', mine: 'yes', 'eks.amazonaws.com/nodegroup': 'workers' })
    expect(node()?.labels).not.toHaveProperty('team')
    expect(node()?.taints).toEqual([])
    expect(world.last.status.phase).toBe('ACTIVE')
    await expectSettled(world)
  })
})

describe('a version update', () => {
  const update = (spec: Parameters<typeof nodeGroupIntent>[0] = {}) => ({
    generation: 2,
    spec: {
      version: '1.37',
      releaseVersion: NEW,
      lastVersionUpdate: { id: 'u1', force: false },
      ...spec.spec,
    },
  })

  it('when it is asked for, one new node comes before an old one goes, zone by zone, and the bounds hold', async () => {
    const world = await activeWorld()
    await world.accept(update())
    const ready: number[] = []
    await world.run(world.newKeeper(), {
      eachTurn: () => {
        withinBounds(world)()
        ready.push(world.bounds().ready)
        expect(world.bounds().machines).toBeLessThanOrEqual(4)
      },
    })
    expect(Math.min(...ready)).toBe(3)
    expect(world.zones()).toEqual({ a: 1, b: 1, c: 1 })
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', version: '1.37', releaseVersion: NEW, nodeCount: 3 })
    await expectSettled(world)
  })

  it('when its strategy is MINIMAL, an old node goes first, and there is never one more', async () => {
    const updateConfig = { maxUnavailable: 1, updateStrategy: 'MINIMAL' as const }
    const world = await activeWorld({ spec: { updateConfig } })
    await world.accept(update({ spec: { updateConfig } }))
    await world.run(world.newKeeper(), {
      eachTurn: () => {
        expect(world.bounds().ready).toBeGreaterThanOrEqual(2)
        expect(world.bounds().machines).toBeLessThanOrEqual(3)
      },
    })
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', releaseVersion: NEW, nodeCount: 3 })
    await expectSettled(world)
  })

  it('when it is paused, no further node is replaced until it is not', async () => {
    const world = await activeWorld()
    await world.accept(update({ spec: { updatePaused: true } }))
    await world.run(world.newKeeper())
    expect(new Set(world.last.status.nodes.map(({ releaseVersion }) => releaseVersion))).not.toContain(NEW)
    await world.accept({ ...update(), generation: 3 })
    await world.run(world.newKeeper())
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', releaseVersion: NEW })
  })

  it('when a budget allows no eviction for 15 minutes, it fails, names pod and budget, and goes back', async () => {
    const world = await activeWorld()
    const before = names(world)
    for (const name of before) {
      world.nodes.place(name, `pod-of-${name}`)
      world.nodes.budgets.set(`pod-of-${name}`, 'the budget web allows no disruption')
    }
    await world.accept(update())
    await world.run(world.newKeeper(), { untilMs: 20 * MINUTE_MS, eachTurn: withinBounds(world) })
    expect(world.last.snapshot.progress?.failed).toMatchObject({
      code: 'PodEvictionFailure',
      updateId: 'u1',
      message: expect.stringMatching(/pod-of-.*the budget web allows no disruption/),
    })
    expect(names(world)).toEqual(before)
    const { nodes } = world.last.snapshot
    expect(nodes.known && [...nodes.byName.values()].some(({ unschedulable }) => unschedulable)).toBe(false)
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', nodeCount: 3, version: '1.36' })
    await expectSettled(world)

    const labels = { team: 'a' }
    await world.accept({ ...update({ spec: { labels, lastConfigUpdate: { id: 'u2' } } }), generation: 3 })
    await world.run(world.newKeeper(), { untilMs: 40 * MINUTE_MS, eachTurn: withinBounds(world) })
    expect(world.last.snapshot.progress).toMatchObject({ settledGeneration: 3, failed: { updateId: 'u1' } })
    expect(names(world)).toEqual(before)
  })

  it('when it is forced, what cannot be evicted ends with its node', async () => {
    const world = await activeWorld()
    for (const name of names(world)) {
      world.nodes.place(name, `pod-of-${name}`)
      world.nodes.budgets.set(`pod-of-${name}`, 'no')
    }
    const lastVersionUpdate = { id: 'u1', force: true }
    await world.accept(update({ spec: { lastVersionUpdate } }))
    await world.run(world.newKeeper(), { untilMs: 60 * MINUTE_MS, eachTurn: withinBounds(world) })
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', releaseVersion: NEW })
  })

  it('when new nodes never join, it fails and goes back, and the nodes of before go on', async () => {
    const world = await activeWorld()
    const before = names(world)
    const prefix = machinePrefix(GROUP)
    world.substrate.machines.afflict(CLUSTER, `${prefix}4`, { kind: 'never-boots' })
    await world.accept(update())
    await world.run(world.newKeeper(), { untilMs: 15 * MINUTE_MS, eachTurn: withinBounds(world) })
    expect(world.last.snapshot.progress?.failed).toMatchObject({
      code: 'NodeCreationFailure',
      resourceIds: [`${prefix}4`],
    })
    expect(names(world)).toEqual(before)
    await expectSettled(world)
  })
})

describe('deletion', () => {
  it('when a group is deleted, its nodes are drained, and machines, Nodes and records go, the intent last', async () => {
    const world = await activeWorld()
    for (const name of names(world)) {
      world.nodes.place(name, `pod-of-${name}`)
    }
    await world.acceptIntent({ ...nodeGroupIntent(), deleting: true })
    await world.run(world.newKeeper())
    expect(world.nodes.evicted).toHaveLength(3)
    expect(await world.substrate.remains(CLUSTER)).toEqual([])
    expect(world.released).toEqual(['account-000000000001/web.workers'])
    expect(world.journal.at(-1)).toMatch(/erase web\/node-group-.*\.intent\.json/)
  })
})

describe('a keeper that dies', () => {
  /** Dies in the middle of its `at`th step from now: the step is done, and nobody knows. */
  function dyingKeeper(world: NodeGroupWorld, at: number) {
    let count = 0
    return world.newKeeper((reconciler) => ({
      ...reconciler,
      apply: async (step, turn) => {
        count += 1
        if (count > at) {
          return { ok: false, reason: 'Dead', detail: 'dead', retry: 'backoff' }
        }
        const outcome = await reconciler.apply(step, turn)
        return count === at ? { ok: false, reason: 'Dead', detail: 'dead', retry: 'backoff' } : outcome
      },
    }))
  }

  it('when it dies after any step of a create, an update and a deletion, the next one ends where it would have', async () => {
    for (let at = 1; at <= 40; at += 1) {
      const world = new NodeGroupWorld()
      world.traits = { runsContainers: true, needsAddress: true }
      await world.accept()
      await world.run(dyingKeeper(world, at), { untilMs: 3000 })
      await world.run(world.newKeeper())
      expect(world.last.status).toMatchObject({ phase: 'ACTIVE', readyCount: 3 })
      await world.accept({ generation: 2, spec: { version: '1.37', releaseVersion: NEW } })
      await world.run(dyingKeeper(world, at), { untilMs: 3000, eachTurn: withinBounds(world) })
      await world.run(world.newKeeper(), { eachTurn: withinBounds(world) })
      expect(world.last.status).toMatchObject({ phase: 'ACTIVE', readyCount: 3, releaseVersion: NEW })
      expect(world.zones()).toEqual({ a: 1, b: 1, c: 1 })
      expect(world.addresses.size).toBe(3)
      await expectSettled(world)
      await world.acceptIntent({ ...nodeGroupIntent({ spec: { releaseVersion: NEW } }), deleting: true })
      await world.run(dyingKeeper(world, at), { untilMs: 3000 })
      await world.run(world.newKeeper())
      expect(await world.substrate.remains(CLUSTER)).toEqual([])
      expect(world.addresses.size).toBe(0)
    }
  })

  it('when the substrate refuses for a while, it goes on when it does not', async () => {
    const world = await activeWorld()
    world.substrate.refuse('machines.ensure', 'NotReady')
    await world.accept({ generation: 2, spec: { scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 5 } } })
    await world.run(world.newKeeper(), { untilMs: 30_000 })
    expect(world.last.status.phase).toBe('UPDATING')
    world.substrate.refuse('machines.ensure', undefined)
    await world.run(world.newKeeper())
    expect(world.last.status).toMatchObject({ phase: 'ACTIVE', readyCount: 5 })
  })
})
