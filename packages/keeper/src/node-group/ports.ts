import type { Clock } from '@evenkeel/kernel'
import type {
  ClusterId,
  ClusterRecords,
  MachineProvider,
  MachineSpec,
  NetworkPlan,
  NodeAddress,
  Zone,
} from '@evenkeel/substrate'
import type { AskedMember, ProgramsState } from '../control-plane/index.ts'
import type { HostedIntent, NodeGroupId, NodeGroupIntent } from '../intent/index.ts'
import type { NodeVersions } from '../node/index.ts'
import type { RosterMachine } from './facts.ts'
import type { ObservedNode, PodOnNode } from './snapshot.ts'

/** Everything that this slice reaches the world with. Given by the composition root. */
export interface NodeGroupPorts {
  readonly substrate: {
    readonly zones: readonly Zone[]
    readonly records: ClusterRecords
    /** Absent where the substrate has no machines. */
    readonly machines?: MachineProvider | undefined
    readonly network: NodeAddresses
  }
  readonly clock: Clock
  readonly region: string
  /** A node bundle by its release version; undefined where it is not known. */
  bundleOf(releaseVersion: string): NodeVersions | undefined
  readonly programs: NodePrograms
  readonly blueprint: NodeBlueprint
  readonly nodes: NodeApi
  /** How a cluster's endpoint is reached as the keeper; undefined until its certificates are on record. */
  reach(cluster: ClusterId, records: ReadonlyMap<string, string>): Promise<ReachedCluster | undefined>
  /** Nothing of a node group is left: its object (namespace/name in the home) is free to go. */
  released(cluster: ClusterId, group: NodeGroupId, object: string): void
}

/** The part of a cluster's network that nodes have. */
export interface NodeAddresses {
  /** Throws NoCapacity, and NotFound where nodes have no network. */
  claimNode(cluster: ClusterId, node: string): Promise<NodeAddress>
  releaseNode(cluster: ClusterId, node: string): Promise<void>
}

/** A cluster that is on record, as far as its nodes are concerned. */
export interface ReachedCluster {
  readonly intent: HostedIntent
  readonly network: NetworkPlan
  readonly endpoint: AskedMember
  /** Content of the record of keys. */
  readonly keys: string
}

/** The programs of nodes on this machine. */
export interface NodePrograms {
  observe(versions: NodeVersions): Promise<ProgramsState>
  /** Begins to bring them here and returns at once. */
  request(versions: NodeVersions): void
}

export interface NodeLeavesInput {
  readonly cluster: ClusterId
  readonly keys: string
  readonly machines: readonly RosterMachine[]
}

export interface NodeRenderInput {
  readonly cluster: ClusterId
  readonly reached: ReachedCluster
  readonly group: NodeGroupIntent
  readonly machine: RosterMachine
  readonly versions: NodeVersions
  /** Content of the record of certificates. */
  readonly leaves: string
}

/** What of machines is computed, not observed. No I/O. */
export interface NodeBlueprint {
  /** All certificates of a group's machines; of those on record, the ones that are still good are kept. */
  issueLeaves(input: NodeLeavesInput, recorded: string | undefined, nowMs: number): Promise<string>
  /** Whether `issueLeaves` would change anything. */
  areLeavesDue(input: NodeLeavesInput, leaves: string, nowMs: number): boolean
  /** Whether the certificates of a machine are among them. */
  isCertified(leaves: string, machine: string): boolean
  render(input: NodeRenderInput): MachineSpec
  /** A machine on which nothing is to run: for providers that only say that it does. */
  renderBare(input: Pick<NodeRenderInput, 'cluster' | 'group' | 'machine'>): MachineSpec
}

/** Whose API is asked. */
export interface NodeApiTarget {
  readonly id: ClusterId
  readonly endpoint: AskedMember
}

/** The nodes of a cluster as its own API shows them. All methods throw where it does not answer. */
export interface NodeApi {
  /** Nodes with names that begin so. */
  list(target: NodeApiTarget, namePrefix: string): Promise<readonly ObservedNode[]>
  /** All pods on a node. */
  pods(target: NodeApiTarget, node: string): Promise<readonly PodOnNode[]>
  /** JSON merge patch. Throws a conflict when the node is no longer at `resourceVersion`. */
  patch(
    target: NodeApiTarget,
    node: { readonly name: string; readonly resourceVersion: string },
    patch: object,
  ): Promise<void>
  /** By the Eviction API: what a budget does not allow is an answer. */
  evict(target: NodeApiTarget, pod: PodOnNode): Promise<{ readonly refused?: string }>
  delete(target: NodeApiTarget, node: string): Promise<void>
  /** Lets go of connections to a cluster. */
  forget(id: ClusterId): void
}
