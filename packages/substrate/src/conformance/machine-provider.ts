import { describe, expect, it } from 'vitest'
import { machineDigest } from '../machine-digest.ts'
import type {
  MachineId,
  MachineProgram,
  MachineProvider,
  MachineResources,
  MachineSpec,
  ObservedMachine,
} from '../machine-provider.ts'
import { eventually } from './under-test.ts'
import { useWorld } from './world.ts'

/** Machines of one driver, none at first, and what a test may do to them behind the driver's back. */
export interface MachinesUnderTest {
  readonly machines: MachineProvider
  /** A second hold on the same machines, as another keeper of the cell has. */
  reopen(): Promise<MachineProvider>
  /** Lets a little time pass in that world. */
  turn(): Promise<void>
  /**
   * A small machine whose programs run until SIGTERM; its address is one that nobody else has. The cluster has what it
   * takes to have nodes. Everything that a test does not care about is chosen here.
   */
  machine(wishes: MachineId & Partial<MachineSpec>): Promise<MachineSpec>
  /** Ends a program of a machine at once, as SIGKILL does. */
  killProgram(machine: MachineId, program: string): Promise<void>
  /** A little more than there can ever be, each by itself. */
  readonly tooMuch: MachineResources
  /** Everything ended and removed, however the test went. */
  dispose(): Promise<void>
}

/** What every driver of machines must do, as tests: call it in a test file of the driver's package. */
export function describeMachineProvider(name: string, make: () => Promise<MachinesUnderTest>): void {
  describe(`MachineProvider of the ${name} substrate`, () => {
    const world = useWorld(make)
    const machines = () => world().machines

    it('when a machine is ensured, it boots, then runs, and observe tells all about it', async () => {
      const spec = await world().machine({ cluster: 'told', name: 'n1', zone: 'b', instanceType: 't3.small' })
      await machines().ensure(spec)
      expect((await seen(world(), spec))?.state).toMatch(/booting|running/)
      expect(await untilRunning(world(), spec)).toEqual({
        cluster: 'told',
        name: 'n1',
        zone: 'b',
        instanceType: 't3.small',
        state: 'running',
        digest: machineDigest(spec),
        programs: spec.programs.map(({ name }) => ({ name, state: 'running', pid: expect.any(Number) })),
      })
      expect(await machines().clusters()).toContain('told')
    })

    it('when it is ensured again, also by another keeper, it goes on as it is', async () => {
      const spec = await world().machine({ cluster: 'again', name: 'n1' })
      await machines().ensure(spec)
      const first = await untilRunning(world(), spec)
      await machines().ensure(spec)
      await (await world().reopen()).ensure({ ...spec })
      expect(await seen(world(), spec)).toEqual(first)
      expect(await (await world().reopen()).observe('again')).toEqual([first])
    })

    it('when two providers ensure it at once, there is one machine', async () => {
      const spec = await world().machine({ cluster: 'twice', name: 'n1' })
      const other = await world().reopen()
      await Promise.all([machines().ensure(spec), other.ensure(spec), machines().ensure(spec)])
      const running = await untilRunning(world(), spec)
      await world().turn()
      expect(await machines().observe('twice')).toEqual([running])
    })

    it('when a file of it changes, that is written down and it goes on; a reboot starts it with what is written', async () => {
      const before = await world().machine({ cluster: 'changed', name: 'n1' })
      const after = { ...before, programs: before.programs.map((program) => withFile(program, 'new')) }
      await machines().ensure(before)
      const first = await untilRunning(world(), before)
      await machines().ensure(after)
      expect(machineDigest(after)).not.toBe(machineDigest(before))
      expect(await seen(world(), before)).toEqual({ ...first, digest: machineDigest(after) })
      await machines().reboot(before)
      expect((await untilRunning(world(), before, pidsOf(first))).digest).toBe(machineDigest(after))
    })

    it.each<[string, Partial<MachineSpec>]>([
      ['zone', { zone: 'c' }],
      ['type', { instanceType: 't3.large' }],
      ['address', { address: { host: '100.127.255.9', podCidr: '10.200.250.0/24' } }],
    ])('when one of that name is there with another %s, it refuses with Conflict', async (what, change) => {
      const spec = await world().machine({ cluster: `other-${what}`, name: 'n1' })
      await machines().ensure(spec)
      const before = await untilRunning(world(), spec)
      await expect(machines().ensure({ ...spec, ...change })).rejects.toMatchObject({
        name: 'SubstrateFault',
        code: 'Conflict',
      })
      expect(await seen(world(), spec)).toEqual(before)
    })

    it.each(['cpus', 'memoryMib', 'diskGib'] as const)(
      'when more %s are asked for than there are, it refuses with NoCapacity and makes nothing',
      async (resource) => {
        const spec = await world().machine({ cluster: 'crowded', name: 'n1' })
        const resources = { ...spec.resources, [resource]: world().tooMuch[resource] }
        await expect(machines().ensure({ ...spec, resources })).rejects.toMatchObject({
          name: 'SubstrateFault',
          code: 'NoCapacity',
          message: expect.stringMatching(/n1.* \d+/),
        })
        expect(await machines().observe('crowded')).toEqual([])
        expect(await machines().clusters()).not.toContain('crowded')
      },
    )

    it('when a program is not known, it refuses with NotFound and makes nothing', async () => {
      const spec = await world().machine({ cluster: 'unknown', name: 'n1' })
      const tools = [{ name: 'nothing', version: 'v0.0.0' }]
      await expect(machines().ensure({ ...spec, tools })).rejects.toMatchObject({
        name: 'SubstrateFault',
        code: 'NotFound',
      })
      expect(await machines().observe('unknown')).toEqual([])
    })

    it('when a program of it is killed, it runs again by itself and the others go on', async () => {
      const spec = await world().machine({ cluster: 'killed', name: 'n1' })
      await machines().ensure(spec)
      const before = await untilRunning(world(), spec)
      const [killed, ...others] = before.programs
      await world().killProgram(spec, killed!.name)
      const after = await untilRunning(world(), spec, [killed!.pid])
      expect(after.programs.slice(1)).toEqual(others)
    })

    it('when it is rebooted, all of its programs are started anew', async () => {
      const spec = await world().machine({ cluster: 'rebooted', name: 'n1' })
      await machines().ensure(spec)
      const before = await untilRunning(world(), spec)
      await (await world().reopen()).reboot(spec)
      await untilRunning(world(), spec, pidsOf(before))
    })

    it('when one that is not there is rebooted, it refuses with NotFound', async () => {
      await expect(machines().reboot({ cluster: 'nobody', name: 'n1' })).rejects.toMatchObject({
        name: 'SubstrateFault',
        code: 'NotFound',
      })
    })

    it('when it is removed, nothing of it is left, others stay, and a second removal is fine', async () => {
      const spec = await world().machine({ cluster: 'removed', name: 'n1' })
      const kept = await world().machine({ cluster: 'removed', name: 'n2', zone: 'b' })
      await Promise.all([machines().ensure(spec), machines().ensure(kept)])
      await untilRunning(world(), spec)
      const other = await untilRunning(world(), kept)
      await untilGone(world(), spec)
      expect(await machines().observe('removed')).toEqual([other])
      expect(await machines().remove(spec)).toBe('gone')
      await untilGone(world(), kept)
      expect(await machines().observe('removed')).toEqual([])
      expect(await machines().clusters()).not.toContain('removed')
    })

    it('when a removed one is ensured again, it is made anew', async () => {
      const spec = await world().machine({ cluster: 'reborn', name: 'n1' })
      await machines().ensure(spec)
      const before = await untilRunning(world(), spec)
      await untilGone(world(), spec)
      await machines().ensure(spec)
      await untilRunning(world(), spec, pidsOf(before))
    })

    it('when one is removed before it has booted, nothing of it is left', async () => {
      const spec = await world().machine({ cluster: 'hasty', name: 'n1' })
      await machines().ensure(spec)
      await untilGone(world(), spec)
      expect(await machines().observe('hasty')).toEqual([])
    })

    it('when one of several clusters is observed, it shows all machines of that one alone', async () => {
      for (const [cluster, name] of [
        ['many', 'n1'],
        ['many', 'n2'],
        ['many2', 'n1'],
      ] as const) {
        await machines().ensure(await world().machine({ cluster, name }))
      }
      expect((await machines().observe('many')).map(({ cluster, name }) => [cluster, name])).toEqual([
        ['many', 'n1'],
        ['many', 'n2'],
      ])
      expect(await machines().observe('nobody')).toEqual([])
    })

    it('when what never was is removed, it is gone', async () => {
      expect(await machines().remove({ cluster: 'never', name: 'n1' })).toBe('gone')
    })
  })
}

function withFile(program: MachineProgram, content: string): MachineProgram {
  return { ...program, files: [...program.files, { path: `${program.name}.conf`, content, onChange: 'restart' }] }
}

async function seen(world: MachinesUnderTest, id: MachineId): Promise<ObservedMachine | undefined> {
  return (await world.machines.observe(id.cluster)).find(({ name }) => name === id.name)
}

function pidsOf(machine: ObservedMachine): readonly (number | undefined)[] {
  return machine.programs.map(({ pid }) => pid)
}

/** Waits until all of it runs, and none of it as one of `before`. */
async function untilRunning(
  world: MachinesUnderTest,
  id: MachineId,
  before: readonly (number | undefined)[] = [],
): Promise<ObservedMachine> {
  return await eventually(world, `${id.cluster}/${id.name} to run`, async () => {
    const machine = await seen(world, id)
    const isNew = machine?.programs.every(({ pid }) => !before.includes(pid))
    return machine?.state === 'running' && isNew ? machine : undefined
  })
}

async function untilGone(world: MachinesUnderTest, id: MachineId): Promise<void> {
  await eventually(world, 'nothing to be left', async () => (await world.machines.remove(id)) === 'gone')
}
