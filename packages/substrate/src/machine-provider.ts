import type { NodeAddress } from './cluster-network.ts'
import type { InstanceFile, ProgramRef } from './instance-host.ts'
import type { ClusterId, Zone } from './place.ts'

export interface MachineId {
  readonly cluster: ClusterId
  /** Unique in its cluster, and the name of the node that it becomes: lower case, digits, dashes; 63 characters. */
  readonly name: string
}

/** What a machine offers its pods and its own programs together. */
export interface MachineResources {
  readonly cpus: number
  readonly memoryMib: number
  readonly diskGib: number
}

/** A UNIX socket, in the machine, that is there as soon as its program serves. */
export interface AwaitedSocket {
  readonly socket: string
  readonly atMostSeconds: number
}

/** A program that a machine runs from its start on, in the machine: paths are the machine's own. */
export interface MachineProgram {
  /** Such as `kubelet`: unique on its machine, names its log. */
  readonly name: string
  readonly program: ProgramRef
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Paths are below the folder that `layout` answers. Always written with mode 0600. */
  readonly files: readonly InstanceFile[]
  /** Every start first waits until it is there, but not for ever. */
  readonly startsAfter?: AwaitedSocket
  readonly stopGraceSeconds: number
}

/** A machine that is to be there. Everything in it was chosen by a plan; the provider chooses nothing. */
export interface MachineSpec extends MachineId {
  readonly zone: Zone
  /** EC2's name, such as `t3.medium`: what `resources` were derived from, and what the node is labelled with. */
  readonly instanceType: string
  readonly resources: MachineResources
  readonly address: NodeAddress
  /** Programs that those of the machine call, such as runc and the CNI plugins. */
  readonly tools: readonly ProgramRef[]
  /** In the order of their start. A provider whose machines are not real may run none of them. */
  readonly programs: readonly MachineProgram[]
}

export interface ObservedMachine extends MachineId {
  readonly zone: Zone
  readonly instanceType: string
  /** `booting`: not all of its programs run yet. `stopped`: it is written down, and nothing of it runs. */
  readonly state: 'booting' | 'running' | 'stopping' | 'stopped'
  /** `machineDigest` of the spec that is written down; empty while it is not, or no more, written down as a whole. */
  readonly digest: string
  readonly programs: readonly { readonly name: string; readonly state: string; readonly pid?: number }[]
}

/** What a provider's machines can do; plans read it instead of asking which provider it is. */
export interface MachineTraits {
  /** Whether containers run: on simulated machines pods are only said to. */
  readonly runsContainers: boolean
  readonly canReboot: boolean
  /** Whether `address` is used: claimed from the cluster's network before a machine is made. */
  readonly needsAddress: boolean
}

/** Where the programs of a machine find their things, as they see it. Known before it exists, so that rendering is pure. */
export interface MachineLayout {
  /** Absolute folder of their `files`. */
  readonly files: string
  /** Absolute folder with the machine's programs and tools, by name. It is the first of their PATH. */
  readonly tools: string
  /** Absolute folder of OCI archives that all machines of the installation may read; it may not be there. */
  readonly images: string
}

/** Machines that become nodes of clusters. */
export interface MachineProvider {
  readonly traits: MachineTraits
  /** Pure. */
  layout(machine: MachineId): MachineLayout
  /**
   * Makes it, or changes what is written down for its next start; files are replaced at once. Idempotent. Throws
   * NoCapacity (with what there is), NotFound (unknown program), Conflict where a machine of that name has another zone,
   * type or address, NotReady with the reason where the host does not let it yet or where it is being removed.
   */
  ensure(spec: MachineSpec): Promise<void>
  /** Complete or throws. One that was only half written down or removed is shown, too. */
  observe(cluster: ClusterId): Promise<readonly ObservedMachine[]>
  /** Ends all that runs on it and starts it again over its disk. Throws NotFound. */
  reboot(machine: MachineId): Promise<void>
  /** Ends it and removes its disk: nothing of it is left when it answers `gone`. */
  remove(machine: MachineId): Promise<'stopping' | 'gone'>
  /** Every cluster of which a machine is left. Complete or throws. */
  clusters(): Promise<readonly ClusterId[]>
}
