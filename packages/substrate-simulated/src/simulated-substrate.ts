import type { Clock } from '@evenkeel/kernel'
import type {
  ClusterId,
  ClusterNetwork,
  ClusterRecords,
  EndpointSpec,
  FaultCode,
  InstanceSpec,
  MachineResources,
  ProgramRef,
  Substrate,
  VolumeSpec,
  Zone,
} from '@evenkeel/substrate'
import { createClusterNetwork } from './cluster-network.ts'
import { createClusterRecords } from './cluster-records.ts'
import { SimulatedElector } from './elector.ts'
import { SimulatedEndpoint } from './endpoint.ts'
import { SimulatedInstanceHost } from './instance-host.ts'
import type { MachineTiming } from './machine.ts'
import { SimulatedMachineProvider } from './machine-provider.ts'
import type { ProgramTiming } from './program.ts'
import { type RefusableCall, Refusals } from './refusals.ts'
import { SimulatedVolumeStore } from './volume-store.ts'

export interface SimulatedSubstrateOptions {
  /** The machine's, or one that is stepped. */
  readonly clock: Clock
  /** `a`, `b` and `c` unless given. */
  readonly zones?: readonly Zone[]
  /** Whatever is not given takes as long as in `PROGRAM_TIMING`. */
  readonly timing?: Partial<ProgramTiming>
  /** Whatever is not given takes as long as in `MACHINE_TIMING`. */
  readonly machineTiming?: Partial<MachineTiming>
  /** What all machines together may have; no bounds unless given. */
  readonly machineCapacity?: MachineResources
  /** Free space below which no volume is made; 1 GiB unless given. */
  readonly floorBytes?: number
  /** Which programs can be had; all unless given. */
  readonly hasProgram?: (program: ProgramRef) => boolean
  /** Told of every change, as `verb cluster/name`, in order. */
  readonly note?: (change: string) => void
}

/** About what the real programs need on an idle machine of two cores, in milliseconds. */
export const PROGRAM_TIMING: ProgramTiming = { startMs: 400, readyMs: 2000, stopMs: 600 }

/** About what a local machine needs from its making to a node that is ready, in milliseconds. */
export const MACHINE_TIMING: MachineTiming = { bootMs: 3000, restartMs: 1000, stopMs: 600 }

/** What a control plane is made of. */
export interface SettledControlPlane {
  readonly cluster: ClusterId
  readonly volumes: readonly Omit<VolumeSpec, 'cluster'>[]
  readonly instances: readonly InstanceSpec[]
  readonly endpoint: EndpointSpec | undefined
}

/** A substrate in memory: programs start, answer and end when the clock says so. All holders share the one object. */
export class SimulatedSubstrate implements Substrate {
  readonly zones: readonly Zone[]
  readonly instances: SimulatedInstanceHost
  readonly volumes: SimulatedVolumeStore
  readonly network: ClusterNetwork
  readonly endpoint: SimulatedEndpoint
  readonly elector = new SimulatedElector()
  readonly records: ClusterRecords
  readonly machines: SimulatedMachineProvider
  readonly #refusals = new Refusals()

  constructor(options: SimulatedSubstrateOptions) {
    const { clock, zones = ['a', 'b', 'c'], timing, machineTiming, floorBytes = 2 ** 30 } = options
    const hasProgram = options.hasProgram ?? (() => true)
    const shared = { refusals: this.#refusals, note: options.note ?? (() => {}) }
    this.zones = zones
    this.volumes = new SimulatedVolumeStore({ ...shared, floorBytes })
    this.instances = new SimulatedInstanceHost({
      ...shared,
      clock,
      timing: { ...PROGRAM_TIMING, ...timing },
      isVolumePresent: (cluster, name) => this.volumes.isPresent(cluster, name),
      hasProgram,
    })
    this.machines = new SimulatedMachineProvider({
      ...shared,
      clock,
      timing: { ...MACHINE_TIMING, ...machineTiming },
      capacity: options.machineCapacity,
      hasProgram,
    })
    this.network = createClusterNetwork({ ...shared, zones })
    this.endpoint = new SimulatedEndpoint(this.instances, this.#refusals)
    this.records = createClusterRecords(shared)
  }

  /** Makes a call throw that fault, until `code` is undefined. */
  refuse(call: RefusableCall, code: FaultCode | undefined): void {
    this.#refusals.set(call, code)
  }

  /** Puts a control plane there as if everything of it had been made and started long ago. */
  async settle({ cluster, volumes, instances, endpoint }: SettledControlPlane): Promise<void> {
    await this.network.claim(cluster)
    for (const volume of volumes) this.volumes.settle({ cluster, ...volume })
    for (const instance of instances) this.instances.settle(instance)
    if (endpoint !== undefined) this.endpoint.settle(endpoint)
  }

  /** What is left of a cluster, as words; empty when nothing is. */
  async remains(cluster: ClusterId): Promise<readonly string[]> {
    const [machines, instances, volumes, claims, records] = await Promise.all([
      this.machines.observe(cluster),
      this.instances.observe(cluster),
      this.volumes.observe(cluster),
      this.network.clusters(),
      this.records.readAll(cluster),
    ])
    return [
      ...machines.map(({ name }) => `machine ${name}`),
      ...instances.map(({ name }) => `instance ${name}`),
      ...volumes.map(({ name }) => `volume ${name}`),
      ...(claims.includes(cluster) ? ['network'] : []),
      ...[...records.keys()].map((name) => `record ${name}`),
    ]
  }
}
