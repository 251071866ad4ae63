import type { ClusterId, MachineSpec } from '@evenkeel/substrate'
import type { NodeGroupId } from '../intent/index.ts'
import type { NodeVersions } from '../node/index.ts'
import type { GroupOutcome, Progress, Roster } from './facts.ts'
import type { PodOnNode } from './snapshot.ts'

/** Of which group. */
export interface Of {
  readonly cluster: ClusterId
  readonly group: NodeGroupId
}

/** One thing to do. Specific: what could be chosen was chosen by the plan. */
export type GroupStep = Of &
  (
    | { readonly kind: 'RecordProgress'; readonly progress: Progress }
    | { readonly kind: 'RecordRoster'; readonly roster: Roster }
    | { readonly kind: 'RequestPrograms'; readonly versions: NodeVersions }
    /** Of machines on the roster that have none yet. */
    | { readonly kind: 'ClaimAddresses'; readonly machines: readonly string[] }
    | { readonly kind: 'RecordLeaves' }
    | { readonly kind: 'EnsureMachine'; readonly spec: MachineSpec }
    | {
        readonly kind: 'PatchNode'
        readonly node: string
        readonly resourceVersion: string
        /** JSON merge patch. */
        readonly patch: object
        /** For logs. */
        readonly what: 'labels' | 'cordon' | 'uncordon'
      }
    | { readonly kind: 'EvictPod'; readonly pod: PodOnNode }
    | { readonly kind: 'RemoveMachine'; readonly machine: string }
    | { readonly kind: 'DeleteNode'; readonly node: string }
    /** Nothing is left of it: its address is given back, and it leaves the roster. */
    | { readonly kind: 'StrikeMachine'; readonly machine: string }
    | { readonly kind: 'RecordOutcome'; readonly outcome: GroupOutcome }
    /** The last one: `object` (namespace/name in the home) is free to go then. */
    | { readonly kind: 'RemoveRecords'; readonly object: string }
  )

/** What a step is about, for logs and refusals: never its content, which holds keys. */
export function subjectOf(step: GroupStep): string {
  switch (step.kind) {
    case 'EnsureMachine':
      return step.spec.name
    case 'RemoveMachine':
    case 'StrikeMachine':
      return step.machine
    case 'PatchNode':
      return `${step.node} (${step.what})`
    case 'DeleteNode':
      return step.node
    case 'EvictPod':
      return `${step.pod.namespace}/${step.pod.name}`
    default:
      return step.group
  }
}
