import { ReconcileLoop } from '@evenkeel/kernel'
import { SimulatedSubstrate } from '@evenkeel/substrate-simulated'
import { describe, expect, it } from 'vitest'
import { controlPlaneReconciler } from './control-plane/index.ts'
import { RenderedNodeBlueprint, SimulatedNodeApi } from './node-group/index.ts'
import { simulatedCell } from './simulated-cell.ts'
import { KeeperWorld } from './testing/keeper-world.ts'

const ID = 'web'

/** A process of a keeper over the records of `world`: what it simulates ends with it. */
async function newProcess(world: KeeperWorld) {
  const changes: string[] = []
  const note = (change: string): void => void changes.push(change)
  const hosted = new SimulatedSubstrate({ clock: world.clock, note })
  const { machines } = world.substrate
  const ports = await simulatedCell(
    {
      ...world.ports,
      nodes: new SimulatedNodeApi(machines),
      nodePrograms: { observe: async () => ({ state: 'present' }), request: () => {} },
      nodeBlueprint: new RenderedNodeBlueprint({
        layout: () => machines.layout(),
        region: 'local-1',
        sandboxImage: 'pause',
      }),
    },
    { hosted, own: new Set(['home']) },
  )
  const reconciler = controlPlaneReconciler(ports, (report) => world.reports.push(report))
  const keeper = new ReconcileLoop({ reconciler, clock: world.clock, random: () => 0 })
  changes.length = 0
  return { keeper, hosted, changes }
}

/** As people see it. */
function lastStatus(world: KeeperWorld) {
  return world.reports.at(-1)?.status
}

describe('a cell with simulated clusters', () => {
  it('when a cluster is created, it becomes ACTIVE, and of the real substrate it has records alone', async () => {
    const world = new KeeperWorld()
    // Nothing is needed of what cannot be had.
    world.programs = 'absent'
    await world.accept(ID)
    const { keeper, hosted } = await newProcess(world)
    await world.run(keeper, ID)
    expect(lastStatus(world)).toMatchObject({
      phase: 'ACTIVE',
      network: 'simulated',
      endpoint: 'https://web.simulated.invalid:6443',
    })
    expect((await keeper.turn(ID)).outcome).toBe('settled')
    expect((await world.substrate.remains(ID)).filter((what) => !what.startsWith('record '))).toEqual([])
    expect(await hosted.remains(ID)).toContain('instance etcd-a')
  })

  it('when another process takes over, a settled cluster is settled, with the same status', async () => {
    const world = new KeeperWorld()
    await world.accept(ID)
    await world.run((await newProcess(world)).keeper, ID)
    const before = lastStatus(world)
    await world.clock.advance(3_600_000)
    const { keeper, changes } = await newProcess(world)
    const result = await keeper.turn(ID)
    expect(result.outcome).toBe('settled')
    expect(result.plan?.steps).toEqual([])
    expect(lastStatus(world)).toEqual(before)
    expect(changes).toEqual([])
  })

  it('when a process ends at any moment of a create or a delete, the next one finishes it', async () => {
    for (let lifeMs = 200; lifeMs < 6000; lifeMs += 300) {
      const world = new KeeperWorld()
      await world.accept(ID)
      await world.run((await newProcess(world)).keeper, ID, { untilMs: lifeMs })
      await world.run((await newProcess(world)).keeper, ID)
      expect(lastStatus(world)?.phase).toBe('ACTIVE')

      await world.accept(ID, { deleting: true })
      await world.run((await newProcess(world)).keeper, ID, { untilMs: lifeMs / 10 })
      const { keeper, hosted } = await newProcess(world)
      await world.run(keeper, ID)
      expect(await world.substrate.remains(ID)).toEqual([])
      expect(await hosted.remains(ID)).toEqual([])
    }
  })

  it('when a create has failed, the verdict and the addresses are the same in the next process', async () => {
    const world = new KeeperWorld()
    await world.accept(ID)
    const first = await newProcess(world)
    first.hosted.instances.afflict(ID, 'etcd-a', { kind: 'never-starts' })
    await world.run(first.keeper, ID, { untilMs: 20 * 60_000 })
    const before = lastStatus(world)
    expect(before?.phase).toBe('FAILED')
    const { keeper } = await newProcess(world)
    expect((await keeper.turn(ID)).outcome).toBe('settled')
    expect(lastStatus(world)).toMatchObject({ phase: 'FAILED', endpoint: before?.endpoint, health: before?.health })
  })

  it('when the home is kept, it stands on the real substrate', async () => {
    const world = new KeeperWorld()
    await world.acceptHome()
    const { keeper, hosted } = await newProcess(world)
    await world.run(keeper, 'home', { untilMs: 60_000 })
    expect(await world.substrate.remains('home')).toContain('instance etcd-a')
    expect(await hosted.remains('home')).toEqual([])
  })
})
