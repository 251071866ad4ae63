import { FakeClock } from '@evenkeel/kernel/testing'
import type { MachineSpec } from '@evenkeel/substrate'
import { describeMachineProvider } from '@evenkeel/substrate/conformance'
import { describe, expect, it } from 'vitest'
import { MACHINE_TIMING, SimulatedSubstrate } from './index.ts'
import { makeSimulatedMachines } from './testing/simulated-machines.ts'

describeMachineProvider('simulated', makeSimulatedMachines)

const { bootMs, restartMs, stopMs } = MACHINE_TIMING

const N1: MachineSpec = {
  cluster: 'web',
  name: 'n1',
  zone: 'a',
  instanceType: 't3.small',
  resources: { cpus: 2, memoryMib: 2048, diskGib: 20 },
  address: { host: '100.64.0.10', podCidr: '10.200.0.0/24' },
  tools: [],
  programs: [
    {
      name: 'kubelet',
      program: { name: 'kubelet', version: 'v1.37.2' },
      args: [],
      env: {},
      files: [],
      stopGraceSeconds: 5,
    },
  ],
}

function world() {
  const clock = new FakeClock()
  const changes: string[] = []
  const substrate = new SimulatedSubstrate({ clock, note: (change) => changes.push(change) })
  const { machines } = substrate
  const seen = async () => (await machines.observe('web'))[0]
  return { clock, changes, substrate, machines, seen }
}

describe('a simulated machine', () => {
  it('when it is ensured, it runs exactly when its time has come', async () => {
    const { clock, machines, seen } = world()
    await machines.ensure(N1)
    await clock.advance(bootMs - 1)
    expect(await seen()).toMatchObject({ state: 'booting', programs: [{ name: 'kubelet', state: 'starting' }] })
    await clock.advance(1)
    expect((await seen())?.state).toBe('running')
  })

  it('when it boots slowly, it takes so much longer', async () => {
    const { clock, machines, seen } = world()
    machines.afflict('web', 'n1', { kind: 'slow', byMs: 60_000 })
    await machines.ensure(N1)
    await clock.advance(bootMs + 59_999)
    expect((await seen())?.state).toBe('booting')
    await clock.advance(1)
    expect((await seen())?.state).toBe('running')
  })

  it('when it never boots, it is booting until it is mended', async () => {
    const { clock, machines, seen } = world()
    machines.afflict('web', 'n1', { kind: 'never-boots' })
    await machines.ensure(N1)
    await clock.advance(3_600_000)
    expect((await seen())?.state).toBe('booting')
    machines.mend('web', 'n1')
    expect((await seen())?.state).toBe('running')
  })

  it('when it dies, it is stopped until it is rebooted', async () => {
    const { clock, machines, seen } = world()
    await machines.ensure(N1)
    await clock.advance(bootMs)
    machines.kill('web', 'n1')
    await clock.advance(3_600_000)
    expect(await seen()).toMatchObject({ state: 'stopped', programs: [{ name: 'kubelet', state: 'stopped' }] })
    await machines.reboot(N1)
    await clock.advance(bootMs)
    expect((await seen())?.state).toBe('running')
  })

  it('when one of its programs is killed, it is not whole for exactly as long as a restart takes', async () => {
    const { clock, machines, seen } = world()
    await machines.ensure(N1)
    await clock.advance(bootMs)
    expect((await seen())?.state).toBe('running')
    machines.killProgram(N1, 'kubelet')
    await clock.advance(restartMs - 1)
    expect((await seen())?.state).toBe('booting')
    await clock.advance(1)
    expect((await seen())?.state).toBe('running')
  })

  it('when it is removed, it is stopping until it is gone, and cannot be ensured meanwhile', async () => {
    const { clock, changes, machines, seen, substrate } = world()
    await machines.ensure(N1)
    await clock.advance(bootMs)
    expect(await machines.remove(N1)).toBe('stopping')
    expect((await seen())?.state).toBe('stopping')
    await expect(machines.ensure(N1)).rejects.toMatchObject({ code: 'NotReady' })
    expect(await substrate.remains('web')).toEqual(['machine n1'])
    await clock.advance(stopMs)
    expect(await machines.remove(N1)).toBe('gone')
    expect(await substrate.remains('web')).toEqual([])
    expect(changes).toEqual(['make machine web/n1', 'remove machine web/n1'])
  })

  it('when all machines together would have more than there is, the one too many is refused, and fits later', async () => {
    const { clock, machines } = world()
    machines.setCapacity({ cpus: 3, memoryMib: 4096, diskGib: 100 })
    await machines.ensure(N1)
    await expect(machines.ensure({ ...N1, name: 'n2' })).rejects.toThrow(/web\/n2.* 2 cpus, and 1 of 3 are left/)
    await machines.remove(N1)
    await clock.advance(stopMs)
    await machines.ensure({ ...N1, name: 'n2' })
  })

  it('when a call is refused, it throws that fault and changes nothing', async () => {
    const { machines, substrate } = world()
    substrate.refuse('machines.ensure', 'NoCapacity')
    await expect(machines.ensure(N1)).rejects.toMatchObject({ code: 'NoCapacity' })
    expect(await machines.observe('web')).toEqual([])
  })
})
