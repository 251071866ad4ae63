import type { ClusterId, FaultCode, MachineSpec, MachineTraits, ObservedMachine, Zone } from '@evenkeel/substrate'
import type { ProgramsState } from '../control-plane/index.ts'
import type { NodeGroupId, NodeGroupIntent } from '../intent/index.ts'
import type { KubeTaint, NodeVersions } from '../node/index.ts'
import type { GroupOutcome, Progress, Roster } from './facts.ts'

/** Everything that is known about one node group at one moment. Time is in it; plan and conditions read nothing else. */
export interface NodeGroupSnapshot {
  readonly cluster: ClusterId
  readonly id: NodeGroupId
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  readonly intent: NodeGroupIntent
  readonly region: string
  readonly zones: readonly Zone[]
  /** Absent while the create goes on. */
  readonly outcome: GroupOutcome | undefined
  readonly progress: Progress | undefined
  readonly roster: Roster
  /** Why nothing can be made at all, in a sentence: no machines here, no network for nodes, a cluster that is not there yet. */
  readonly obstacle: Obstacle | undefined
  readonly traits: MachineTraits
  /** The bundle of `progress`, or of the intent before there is one; undefined where it is not known here. */
  readonly versions: NodeVersions | undefined
  readonly programs: ProgramsState
  /** `undefined`: none are on record, or none are needed. */
  readonly leavesDue: boolean | undefined
  /** What each machine should be, by name: of those that are not leaving and whose address and certificates are there. */
  readonly desired: ReadonlyMap<string, DesiredMachine>
  /** All of the group, those that are not on its roster included. */
  readonly machines: ReadonlyMap<string, ObservedMachine>
  readonly nodes: SeenNodes
  /** Of machines that are being drained, by name. */
  readonly pods: ReadonlyMap<string, readonly PodOnNode[]>
  /** Last tries of evictions by this keeper, by `podKey`. */
  readonly evictions: ReadonlyMap<string, Eviction>
  /** Since when this keeper sees a machine of which the cluster has no Ready node yet (milliseconds), by name. */
  readonly waitingSinceMs: ReadonlyMap<string, number>
  /** What the substrate refused last, until the same step succeeds. */
  readonly refusals: readonly GroupRefusal[]
}

export interface Obstacle {
  /** It passes by itself; others end a create. */
  readonly passes: boolean
  readonly detail: string
}

export interface DesiredMachine {
  readonly spec: MachineSpec
  readonly digest: string
}

/** By name; or why nobody could be asked. */
export type SeenNodes =
  | { readonly known: true; readonly byName: ReadonlyMap<string, ObservedNode> }
  | { readonly known: false; readonly why: string }

export interface ObservedNode {
  readonly name: string
  readonly resourceVersion: string
  readonly ready: boolean
  /** What its condition Ready says where it is not True. */
  readonly message?: string
  readonly unschedulable: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly taints: readonly KubeTaint[]
}

export interface PodOnNode {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** It stays where it is: a DaemonSet's, a mirror of a file's, or one that has ended. */
  readonly stays: boolean
  /** It is on its way out. */
  readonly deleting: boolean
}

export interface Eviction {
  readonly atMs: number
  /** Why it was refused: which budget does not allow it. */
  readonly refused?: string
}

export interface GroupRefusal {
  /** Kind of the step. */
  readonly step: string
  readonly subject: string
  readonly code: FaultCode
  readonly message: string
}

export function podKey({ namespace, name, uid }: Pick<PodOnNode, 'namespace' | 'name' | 'uid'>): string {
  return `${namespace}/${name}/${uid}`
}

/** Names of a group's machines begin so. Of its id's characters six: a cluster has few groups, and hosts short names. */
export function machinePrefix(group: NodeGroupId): string {
  return `ng-${group.slice(0, 6)}-`
}

export type GroupStage = 'CREATING' | 'KEEPING' | 'CREATE_FAILED' | 'DELETING'

/** What there is to be done; the phase that people are told is `groupPhase`. */
export function stageOf({ intent, outcome }: Pick<NodeGroupSnapshot, 'intent' | 'outcome'>): GroupStage {
  if (intent.deleting) {
    return 'DELETING'
  }
  if (outcome === undefined) {
    return 'CREATING'
  }
  return outcome.result === 'active' ? 'KEEPING' : 'CREATE_FAILED'
}

/** Changes exactly when a version update is asked for: by another version, or once more by another id. */
export function askedKey({ spec }: NodeGroupIntent): string {
  return `${spec.releaseVersion} ${spec.lastVersionUpdate?.id ?? ''}`.trim()
}
