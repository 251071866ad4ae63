import type { Clock } from '@evenkeel/kernel'
import {
  type ClusterId,
  type MachineId,
  type MachineProvider,
  type MachineResources,
  type MachineSpec,
  type MachineTraits,
  type ObservedMachine,
  type ProgramRef,
  SubstrateFault,
} from '@evenkeel/substrate'
import { type MachineAilment, type MachineTiming, SimulatedMachine } from './machine.ts'
import type { Refusals } from './refusals.ts'

export interface MachineProviderOptions {
  readonly clock: Clock
  readonly timing: MachineTiming
  /** What all machines together may have; as much as they like where it is absent. */
  readonly capacity: MachineResources | undefined
  readonly refusals: Refusals
  readonly hasProgram: (program: ProgramRef) => boolean
  readonly note: (change: string) => void
}

const RESOURCES = ['cpus', 'memoryMib', 'diskGib'] as const

/** Machines in memory, on which nothing runs but what they are said to run. */
export class SimulatedMachineProvider implements MachineProvider {
  readonly traits: MachineTraits = { runsContainers: false, canReboot: true, needsAddress: false }
  readonly #options: MachineProviderOptions
  readonly #clusters = new Map<ClusterId, Map<string, SimulatedMachine>>()
  /** Of machines that may not be there yet, too. */
  readonly #ailments = new Map<string, MachineAilment>()
  #capacity: MachineResources | undefined
  #lastPid = 100

  constructor(options: MachineProviderOptions) {
    this.#options = options
    this.#capacity = options.capacity
  }

  layout() {
    return {
      files: '/simulated/etc/evenkeel',
      tools: '/simulated/opt/evenkeel/bin',
      images: '/simulated/opt/evenkeel/images',
    }
  }

  async ensure(spec: MachineSpec): Promise<void> {
    this.#options.refusals.check('machines.ensure')
    const unknown = [...spec.tools, ...spec.programs.map(({ program }) => program)].find(
      (program) => !this.#options.hasProgram(program),
    )
    if (unknown !== undefined) {
      throw new SubstrateFault(
        'NotFound',
        `${keyOf(spec)} cannot run: there is no ${unknown.name} ${unknown.version} here`,
      )
    }
    const known = this.#look(spec)
    if (known?.isEnding) {
      throw new SubstrateFault('NotReady', `${keyOf(spec)} is being removed: ask again when it is gone`)
    }
    if (known !== undefined) requireSame(known.spec, spec)
    this.#requireCapacity(spec)
    if (known !== undefined) {
      known.write(spec, this.#nowMs)
      return
    }
    const machine = new SimulatedMachine(spec, this.#nowMs, {
      timing: this.#options.timing,
      nextPid: () => {
        this.#lastPid += 1
        return this.#lastPid
      },
    })
    machine.afflict(this.#ailments.get(keyOf(spec)))
    const machines = this.#clusters.get(spec.cluster) ?? new Map<string, SimulatedMachine>()
    this.#clusters.set(spec.cluster, machines.set(spec.name, machine))
    this.#options.note(`make machine ${keyOf(spec)}`)
  }

  async observe(cluster: ClusterId): Promise<readonly ObservedMachine[]> {
    return this.#machinesOf(cluster)
      .map((machine) => machine.observed())
      .sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  async reboot(id: MachineId): Promise<void> {
    this.#options.refusals.check('machines.reboot')
    const machine = this.#look(id)
    if (machine === undefined) throw new SubstrateFault('NotFound', `there is no machine ${keyOf(id)} to reboot`)
    machine.boot(this.#nowMs)
    this.#options.note(`reboot machine ${keyOf(id)}`)
  }

  async remove(id: MachineId): Promise<'stopping' | 'gone'> {
    this.#options.refusals.check('machines.remove')
    this.#look(id)?.end(this.#nowMs)
    return this.#look(id) === undefined ? 'gone' : 'stopping'
  }

  async clusters(): Promise<readonly ClusterId[]> {
    return [...this.#clusters.keys()].filter((cluster) => this.#machinesOf(cluster).length > 0)
  }

  /** What all machines together may have from now on; those that are there stay. */
  setCapacity(capacity: MachineResources | undefined): void {
    this.#capacity = capacity
  }

  /** From now on, whether it is there yet or not, until it is mended. */
  afflict(cluster: ClusterId, name: string, ailment: MachineAilment): void {
    this.#ailments.set(keyOf({ cluster, name }), ailment)
    this.#look({ cluster, name })?.afflict(ailment)
  }

  mend(cluster: ClusterId, name: string): void {
    this.#ailments.delete(keyOf({ cluster, name }))
    this.#look({ cluster, name })?.afflict(undefined)
  }

  /** It is off until somebody ensures or reboots it. */
  kill(cluster: ClusterId, name: string): void {
    this.#look({ cluster, name })?.die()
  }

  /** SIGKILL of one of its programs: it is started again. */
  killProgram(id: MachineId, program: string): void {
    this.#look(id)?.killProgram(program, this.#nowMs)
  }

  get #nowMs(): number {
    return this.#options.clock.now()
  }

  #requireCapacity(spec: MachineSpec): void {
    const capacity = this.#capacity
    if (capacity === undefined) return
    const others = [...this.#clusters.keys()]
      .flatMap((cluster) => this.#machinesOf(cluster))
      .filter((machine) => keyOf(machine.spec) !== keyOf(spec))
    for (const resource of RESOURCES) {
      const taken = others.reduce((sum, machine) => sum + machine.spec.resources[resource], 0)
      const wanted = spec.resources[resource]
      if (taken + wanted <= capacity[resource]) continue
      throw new SubstrateFault(
        'NoCapacity',
        `no room for machine ${keyOf(spec)}: it takes ${wanted} ${resource}, and ${capacity[resource] - taken} of ${capacity[resource]} are left`,
      )
    }
  }

  #machinesOf(cluster: ClusterId): SimulatedMachine[] {
    const names = [...(this.#clusters.get(cluster)?.keys() ?? [])]
    return names.flatMap((name) => this.#look({ cluster, name }) ?? [])
  }

  /** Brings a machine to what the clock says. */
  #look(id: MachineId): SimulatedMachine | undefined {
    const machines = this.#clusters.get(id.cluster)
    const machine = machines?.get(id.name)
    if (machines === undefined || machine === undefined || machine.lookAt(this.#nowMs)) return machine
    machines.delete(id.name)
    if (machines.size === 0) this.#clusters.delete(id.cluster)
    this.#options.note(`remove machine ${keyOf(id)}`)
    return undefined
  }
}

function requireSame(known: MachineSpec, spec: MachineSpec): void {
  const facts = ({ zone, instanceType, address }: MachineSpec) => `${zone}, ${instanceType}, ${address.host}`
  if (facts(known) === facts(spec)) return
  throw new SubstrateFault(
    'Conflict',
    `machine ${keyOf(spec)} is there with ${facts(known)}, not with ${facts(spec)}: remove it first`,
  )
}

function keyOf({ cluster, name }: MachineId): string {
  return `${cluster}/${name}`
}
