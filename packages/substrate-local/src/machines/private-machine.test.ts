import { waitFor } from '@evenkeel/kernel/testing'
import type { MachineSpec, ObservedMachine } from '@evenkeel/substrate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureTrees, stopTrees } from '../index.ts'
import { privateNodeOf, whyNoPrivateNetworks } from '../private-network/index.ts'
import { type LocalMachines, makeLocalMachines, testProgram } from '../testing/local-machines.ts'
import { whatMachinesLack } from './index.ts'

const lacks = [...(await whatMachinesLack()).map(({ what }) => what), (await whyNoPrivateNetworks()) ?? ''].filter(
  Boolean,
)
const lacking = lacks.length === 0 ? '' : ` (lacking: ${lacks})`

describe.runIf(lacks.length === 0)(`a machine in the private network of its cluster${lacking}`, () => {
  let world: LocalMachines
  beforeAll(async () => {
    world = await makeLocalMachines({ isPrivate: true })
  })
  afterAll(async () => {
    await world?.dispose()
  })

  async function untilRunning(spec: MachineSpec, before?: ObservedMachine): Promise<ObservedMachine> {
    const old = before?.programs.map(({ pid }) => pid) ?? []
    return await waitFor(
      async () => {
        const machine = (await world.machines.observe(spec.cluster)).find(({ name }) => name === spec.name)
        return machine?.state === 'running' && machine.programs.every(({ pid }) => !old.includes(pid)) && machine
      },
      { what: `${spec.name} to run`, deadlineMs: 20_000 },
    )
  }

  const server = `require('net').createServer((each) => each.end(require('os').hostname())).listen(7000)`
  const start = async (name: string) => {
    const spec = await world.machine({
      cluster: 'walled',
      name,
      programs: [testProgram('server', { program: { name: 'node', version: 'system' }, args: ['-e', server] })],
    })
    await world.machines.ensure(spec)
    return spec
  }
  const ask = (from: MachineSpec, to: MachineSpec) =>
    world.inside(from, 'node', '-e', `require('net').connect(7000, '${to.address.host}').pipe(process.stdout)`)

  it('when two are made, each reaches the other, also after a stop, without anybody who makes their network', async () => {
    const [one, two] = [await start('n1'), await start('n2')]
    const before = [await untilRunning(one), await untilRunning(two)]
    expect(await waitFor(() => ask(one, two), { what: 'an answer' })).toBe('n2')
    expect(await waitFor(() => ask(two, one), { what: 'an answer' })).toBe('n1')
    const { network } = privateNodeOf(one.address.host)
    expect(await world.inside(one, 'sh', '-c', 'ip route show default')).toContain(network.router)

    await stopTrees({ home: world.home, graceSeconds: () => 1 })
    expect((await world.tracesOf(one)).filter((trace) => !trace.startsWith(world.home))).toEqual([])
    await ensureTrees({ home: world.home })
    await untilRunning(one, before[0])
    await untilRunning(two, before[1])
    expect(await waitFor(() => ask(one, two), { what: 'an answer' })).toBe('n2')

    for (const spec of [one, two]) {
      await waitFor(async () => (await world.machines.remove(spec)) === 'gone', { what: 'its end', deadlineMs: 20_000 })
      expect(await world.tracesOf(spec)).toEqual([])
    }
  }, 60_000)
})
