import { CLUSTERS, type Cluster, clusterId } from '@evenkeel/contract/kinds'
import { Informer, ReconcileLoop, type TurnResult } from '@evenkeel/kernel'
import { FakeClock, FakeHome, waitFor } from '@evenkeel/kernel/testing'
import { SimulatedSubstrate } from '@evenkeel/substrate-simulated'
import { describe, expect, it } from 'vitest'
import { clusterObject } from '../testing/keeper-world.ts'
import { homeObjects, INTENT_RECORD, intentReconciler, parseIntent } from './index.ts'

const KEY = 'account-000000000001/web'

/** A home, an informer and an intent mirror over one substrate. */
async function rig() {
  const home = await FakeHome.start()
  const client = home.client()
  const informer = new Informer<Cluster>({ client, resource: CLUSTERS })
  const abort = new AbortController()
  const running = informer.run(abort.signal)
  await informer.waitForSync(abort.signal)
  const substrate = new SimulatedSubstrate({ clock: new FakeClock() })
  const accepted: string[] = []
  const ports = {
    substrate,
    home: homeObjects(client, CLUSTERS, informer),
    accepted: (id: string) => accepted.push(id),
    told: () => {},
  }
  const newKeeper = () => new ReconcileLoop({ reconciler: intentReconciler(ports) })
  return {
    home,
    client,
    informer,
    substrate,
    accepted,
    newKeeper,
    async intent() {
      const object = informer.getByKey(KEY) ?? (home.objects<Cluster>(CLUSTERS)[0] as Cluster)
      const id = clusterId(object.metadata.uid ?? '')
      const record = await substrate.records.read(id, INTENT_RECORD)
      return record === undefined ? undefined : parseIntent(id, record)
    },
    async create() {
      const { metadata, ...rest } = clusterObject({ name: 'web' })
      const { name, namespace } = metadata
      const object = await client.create<Cluster>(CLUSTERS, {
        ...rest,
        metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      })
      await waitFor(() => informer.getByKey(KEY) !== undefined, { what: 'the informer to see the object' })
      return clusterId(object.metadata.uid ?? '')
    },
    async [Symbol.asyncDispose]() {
      abort.abort()
      await running
      await home.goAway()
    },
  }
}

async function rest(keeper: { turn(key: string): Promise<TurnResult<unknown, unknown>> }): Promise<void> {
  await waitFor(async () => ['settled', 'gone'].includes((await keeper.turn(KEY)).outcome), {
    what: 'the mirror to rest',
  })
}

describe('the intent mirror', () => {
  it('when a cluster is made in the home, it is held by the finalizer and then on record, and settles', async () => {
    await using world = await rig()
    const id = await world.create()
    const keeper = world.newKeeper()
    await rest(keeper)
    expect(world.home.objects<Cluster>(CLUSTERS)[0]?.metadata.finalizers).toEqual(['evenkeel.dev/keeper'])
    expect(await world.intent()).toMatchObject({ kind: 'hosted', deleting: false, spec: { eksName: 'web' } })
    expect(world.accepted).toEqual([id])
    expect((await keeper.turn(KEY)).plan?.steps).toEqual([])
  })

  it('when the home refuses writes, nothing is on record, and it goes on when the home has recovered', async () => {
    await using world = await rig()
    await world.create()
    world.home.refuseWrites({ status: 503, reason: 'ServiceUnavailable', message: 'no leader' })
    const result = await world.newKeeper().turn(KEY)
    expect(result).toMatchObject({ outcome: 'refused', refusal: { reason: 'HomeUnavailable' } })
    expect(await world.intent()).toBeUndefined()
    world.home.refuseWrites(undefined)
    await rest(world.newKeeper())
    expect(await world.intent()).toBeDefined()
  })

  it('when a deletion is asked for, it is recorded, and the object is free only when nothing is left', async () => {
    await using world = await rig()
    const id = await world.create()
    await rest(world.newKeeper())
    await world.substrate.network.claim(id)
    await world.client.delete(CLUSTERS, { namespace: 'account-000000000001', name: 'web' })
    await waitFor(() => world.informer.getByKey(KEY)?.metadata.deletionTimestamp !== undefined, {
      what: 'the informer to see the deletion',
    })
    await rest(world.newKeeper())
    expect(await world.intent()).toMatchObject({ deleting: true })
    await world.substrate.records.remove(id)
    // A keeper that died half-way through the removal: the addresses are still there, so the record comes back.
    await rest(world.newKeeper())
    expect(await world.intent()).toMatchObject({ deleting: true })
    await world.substrate.network.release(id)
    await world.substrate.records.remove(id)
    await rest(world.newKeeper())
    await waitFor(() => world.home.objects(CLUSTERS).length === 0, { what: 'the object to be gone' })
  })

  it('when an object vanishes without a deletion, its record stays', async () => {
    await using world = await rig()
    const id = await world.create()
    await rest(world.newKeeper())
    const name = { namespace: 'account-000000000001', name: 'web' }
    await world.client.mergePatch(CLUSTERS, { ...name, patch: { metadata: { finalizers: null } } })
    await world.client.delete(CLUSTERS, name)
    await waitFor(() => world.informer.getByKey(KEY) === undefined, { what: 'the informer to miss the object' })
    expect((await world.newKeeper().turn(KEY)).outcome).toBe('gone')
    expect(await world.substrate.records.read(id, INTENT_RECORD)).toContain('"deleting": false')
  })
})
