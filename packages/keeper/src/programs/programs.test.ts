import { silentLogger } from '@evenkeel/kernel'
import { FakeClock, waitFor } from '@evenkeel/kernel/testing'
import { describe, expect, it } from 'vitest'
import { StorePrograms } from './index.ts'

const RELEASE = { kubernetes: 'v1.37.2', etcd: 'v3.7.3', platformRevision: 1 }

function rig() {
  const clock = new FakeClock()
  const world = { installed: false, asked: 0, arrive: () => {}, fail: (_error: Error) => {} }
  const programs = new StorePrograms({
    clock,
    log: silentLogger,
    signal: new AbortController().signal,
    source: {
      isInstalled: async () => world.installed,
      ensureImages: async () => [],
      ensurePrograms: () => {
        world.asked += 1
        return new Promise<void>((resolve, reject) => {
          world.arrive = resolve
          world.fail = reject
        })
      },
    },
  })
  const until = (state: string) =>
    waitFor(async () => (await programs.observe(RELEASE)).state === state, { what: `the state ${state}` })
  return { clock, world, programs, until }
}

describe('StorePrograms', () => {
  it('when programs are in the store, they are present, and nobody is asked', async () => {
    const { world, programs } = rig()
    world.installed = true
    expect(await programs.observe(RELEASE)).toEqual({ state: 'present' })
    expect(world.asked).toBe(0)
  })

  it('when programs are asked for twice, they are brought once', async () => {
    const { world, programs, until } = rig()
    expect(await programs.observe(RELEASE)).toEqual({ state: 'absent' })
    programs.request(RELEASE)
    programs.request(RELEASE)
    expect(await programs.observe(RELEASE)).toEqual({ state: 'arriving' })
    expect(world.asked).toBe(1)
    world.installed = true
    world.arrive()
    await until('present')
  })

  it('when programs do not come, it says why for half a minute, then lets it be tried again', async () => {
    const { world, programs, clock, until } = rig()
    programs.request(RELEASE)
    world.fail(new Error('no recent Go'))
    await until('failed')
    expect(await programs.observe(RELEASE)).toEqual({ state: 'failed', detail: 'no recent Go' })
    await clock.advance(30_000)
    expect(await programs.observe(RELEASE)).toEqual({ state: 'absent' })
    programs.request(RELEASE)
    expect(world.asked).toBe(2)
  })
})
