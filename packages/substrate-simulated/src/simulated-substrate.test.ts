import { FakeClock } from '@evenkeel/kernel/testing'
import { type InstanceSpec, instanceDigest } from '@evenkeel/substrate'
import { describeSubstrate } from '@evenkeel/substrate/conformance'
import { describe, expect, it } from 'vitest'
import { PROGRAM_TIMING, SimulatedSubstrate } from './index.ts'
import { makeSimulatedWorld } from './testing/simulated-world.ts'

describeSubstrate('simulated', makeSimulatedWorld)

const { startMs, readyMs, stopMs } = PROGRAM_TIMING

const ETCD: InstanceSpec = {
  cluster: 'web',
  name: 'etcd-a',
  component: 'etcd',
  place: 'a',
  program: { name: 'etcd', version: 'v3.7.3' },
  args: [],
  env: {},
  files: [],
  volumes: [],
  stopGraceSeconds: 10,
}

function world() {
  const clock = new FakeClock()
  const changes: string[] = []
  const substrate = new SimulatedSubstrate({ clock, note: (change) => changes.push(change) })
  const { instances } = substrate
  const seen = async (name = ETCD.name) => (await instances.observe('web')).find((one) => one.name === name)
  const isReady = () => instances.isReady('web', ETCD.name)
  return { clock, changes, substrate, instances, seen, isReady }
}

describe('a simulated program', () => {
  it('when it is ensured, it is there and ready exactly when its time has come', async () => {
    const { clock, instances, seen, isReady } = world()
    await instances.ensure(ETCD)
    await clock.advance(startMs - 1)
    expect((await seen())?.state).toBe('starting')
    await clock.advance(1)
    expect((await seen())?.state).toBe('running')
    await clock.advance(readyMs - 1)
    expect(isReady()).toBe(false)
    await clock.advance(1)
    expect(isReady()).toBe(true)
  })

  it('when the same is done twice, the same comes of it', async () => {
    const story = async () => {
      const { clock, changes, instances, seen } = world()
      await instances.ensure(ETCD)
      await clock.advance(5000)
      instances.kill('web', ETCD.name)
      await clock.advance(5000)
      await instances.remove(ETCD)
      await clock.advance(stopMs)
      return [await seen(), await instances.clusters(), changes]
    }
    expect(await story()).toEqual(await story())
  })

  it('when nobody looked for an hour, what happened in it has happened in its time', async () => {
    const { clock, instances, seen } = world()
    await instances.ensure(ETCD)
    const startedMs = clock.now()
    await clock.advance(3_600_000)
    expect(await seen()).toMatchObject({ state: 'running', startedAt: startedMs + startMs })
  })

  it('when it never starts, it is starting until it is mended', async () => {
    const { clock, instances, seen } = world()
    instances.afflict('web', ETCD.name, { kind: 'never-starts' })
    await instances.ensure(ETCD)
    await clock.advance(60_000)
    expect((await seen())?.state).toBe('starting')
    instances.mend('web', ETCD.name)
    await clock.advance(startMs)
    expect((await seen())?.state).toBe('running')
  })

  it('when it is slow, it is ready so much later', async () => {
    const { clock, instances, isReady } = world()
    instances.afflict('web', ETCD.name, { kind: 'slow', byMs: 30_000 })
    await instances.ensure(ETCD)
    await clock.advance(startMs + readyMs + 29_999)
    expect(isReady()).toBe(false)
    await clock.advance(1)
    expect(isReady()).toBe(true)
  })

  it('when it is silent, its process runs and never answers', async () => {
    const { clock, instances, seen, isReady } = world()
    await instances.ensure(ETCD)
    await clock.advance(60_000)
    instances.afflict('web', ETCD.name, { kind: 'silent' })
    expect((await seen())?.state).toBe('running')
    expect(isReady()).toBe(false)
    instances.mend('web', ETCD.name)
    expect(isReady()).toBe(true)
  })

  it('when its supervisor is lost, the same process lives on, and a restart brings it back under one', async () => {
    const { clock, instances, seen } = world()
    await instances.ensure(ETCD)
    await clock.advance(startMs)
    const before = await seen()
    instances.loseSupervisor('web', 'a')
    expect(await seen()).toEqual({ ...before, state: 'unsupervised' })
    await instances.restart(ETCD, before?.pid ?? 0)
    await clock.advance(stopMs + startMs)
    expect((await seen())?.state).toBe('running')
    expect((await seen())?.pid).not.toBe(before?.pid)
  })

  it('when the run folder is wiped, the process lives on and nobody knows with what', async () => {
    const { clock, instances, seen } = world()
    await instances.ensure(ETCD)
    await clock.advance(startMs)
    instances.wipeRunFolder('web')
    const { writtenDigest, runningDigest, state } = (await seen()) ?? {}
    expect({ writtenDigest, runningDigest, state }).toEqual({ state: 'unsupervised' })
    await instances.ensure(ETCD)
    expect((await seen())?.writtenDigest).toBe(instanceDigest(ETCD))
  })

  it('when its zone is lost, it ends, and starts when the zone is regained', async () => {
    const { clock, instances, seen } = world()
    await instances.ensure(ETCD)
    await instances.ensure({ ...ETCD, name: 'etcd-b', place: 'b' })
    await clock.advance(startMs)
    instances.loseZone('a')
    await clock.advance(60_000)
    expect((await seen())?.state).toBe('starting')
    expect((await seen('etcd-b'))?.state).toBe('running')
    instances.regainZone('a')
    expect((await seen())?.state).toBe('starting')
    await clock.advance(startMs)
    expect((await seen())?.state).toBe('running')
  })

  it('when it is ensured again while it ends, the next process comes after its end', async () => {
    const { clock, instances, seen } = world()
    await instances.ensure(ETCD)
    await clock.advance(startMs)
    const before = await seen()
    await instances.stop(ETCD)
    await instances.ensure(ETCD)
    await clock.advance(stopMs - 1)
    expect((await seen())?.pid).toBe(before?.pid)
    await clock.advance(1)
    expect(await seen()).toMatchObject({ state: 'starting' })
    await clock.advance(startMs)
    expect((await seen())?.pid).not.toBe(before?.pid)
    expect((await seen())?.state).toBe('running')
  })

  it('when it is given little time to end, it takes no longer', async () => {
    const { clock, instances } = world()
    await instances.ensure(ETCD)
    await clock.advance(startMs)
    expect(await instances.remove(ETCD, { graceSeconds: 0.1 })).toBe('stopping')
    await clock.advance(100)
    expect(await instances.remove(ETCD)).toBe('gone')
  })
})

describe('a simulated substrate', () => {
  it('when a call is refused, it throws that fault and changes nothing, until it is refused no more', async () => {
    const { substrate, changes } = world()
    substrate.refuse('network.claim', 'NoCapacity')
    await expect(substrate.network.claim('web')).rejects.toMatchObject({ code: 'NoCapacity' })
    expect(changes).toEqual([])
    substrate.refuse('network.claim', undefined)
    await substrate.network.claim('web')
    expect(changes).toEqual(['claim network web'])
  })

  it('when a volume is lost, that is attested and no other takes its place', async () => {
    const { substrate } = world()
    const volume = { cluster: 'web', name: 'etcd-a', zone: 'a' }
    await substrate.volumes.ensure(volume)
    substrate.volumes.lose('web', 'etcd-a')
    expect(await substrate.volumes.observe('web')).toEqual([{ ...volume, state: 'lost' }])
    await expect(substrate.volumes.ensure(volume)).rejects.toMatchObject({ code: 'Lost' })
    await expect(substrate.instances.ensure({ ...ETCD, volumes: ['etcd-a'] })).rejects.toMatchObject({
      code: 'NotFound',
    })
  })

  it('when a leadership is lost, its holder is told and the next one leads', async () => {
    const { elector } = world().substrate
    const never = new AbortController().signal
    const first = await elector.campaign('cell', never)
    const next = elector.campaign('cell', never)
    await elector.lose('cell')
    expect(first.signal.aborted).toBe(true)
    expect((await next).signal.aborted).toBe(false)
  })

  it('when a control plane is settled, it stands as if it had run for long', async () => {
    const { clock, changes, substrate, seen, isReady } = world()
    const endpoint = {
      cluster: 'web',
      bind: 'web',
      port: 6443,
      backends: [],
      caCertificate: 'CA',
      serverName: 'kubernetes',
    }
    const etcd = { ...ETCD, volumes: ['etcd-a'] }
    const volumes = [{ name: 'etcd-a', zone: 'a' }]
    await substrate.settle({ cluster: 'web', volumes, instances: [etcd], endpoint })
    expect(await seen()).toMatchObject({ state: 'running', runningDigest: instanceDigest(etcd) })
    expect(isReady()).toBe(true)
    expect((await substrate.endpoint.observe('web')).digest).toBe(substrate.endpoint.digest(endpoint))
    expect(await substrate.remains('web')).toEqual([
      'instance etcd-a',
      'instance endpoint-1',
      'instance endpoint-2',
      'volume etcd-a',
      'network',
    ])
    changes.length = 0
    await substrate.instances.ensure(etcd)
    await substrate.endpoint.ensure(endpoint)
    await clock.advance(1000)
    expect(changes).toEqual([])
  })
})
