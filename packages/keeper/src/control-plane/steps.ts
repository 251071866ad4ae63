import type { ClusterId, EndpointSpec, InstanceId, InstanceSpec, VolumeSpec } from '@evenkeel/substrate'
import type { ClusterObject } from './components/index.ts'
import type { Effort, Outcome, Release } from './facts.ts'

/** One thing to do. Specific: what could be chosen was chosen by the plan. */
export type Step =
  | { readonly kind: 'RecordRelease'; readonly cluster: ClusterId; readonly release: Release }
  /** Makes what is secret, once: keys of the cluster and the keeper's probe key. */
  | { readonly kind: 'AddKeys'; readonly cluster: ClusterId }
  | { readonly kind: 'ClaimNetwork'; readonly cluster: ClusterId }
  /** Makes what carries the addresses, or what was lost of it. */
  | { readonly kind: 'EnsureNetwork'; readonly cluster: ClusterId }
  | { readonly kind: 'RecordLeaves'; readonly cluster: ClusterId }
  | { readonly kind: 'RequestPrograms'; readonly cluster: ClusterId; readonly release: Release }
  | { readonly kind: 'EnsureVolume'; readonly cluster: ClusterId; readonly volume: VolumeSpec }
  | { readonly kind: 'EnsureInstance'; readonly cluster: ClusterId; readonly instance: InstanceSpec }
  | { readonly kind: 'EnsureEndpoint'; readonly cluster: ClusterId; readonly endpoint: EndpointSpec }
  | {
      readonly kind: 'RestartInstance'
      readonly cluster: ClusterId
      readonly instance: InstanceId
      readonly pid: number
    }
  | { readonly kind: 'RemoveMachine'; readonly cluster: ClusterId; readonly machine: string }
  | { readonly kind: 'WriteHomeAccess'; readonly cluster: ClusterId }
  | { readonly kind: 'GrantHomeRights'; readonly cluster: ClusterId }
  | { readonly kind: 'WriteObjects'; readonly cluster: ClusterId; readonly objects: readonly ClusterObject[] }
  | { readonly kind: 'RecordEffort'; readonly cluster: ClusterId; readonly effort: Effort }
  | { readonly kind: 'RecordOutcome'; readonly cluster: ClusterId; readonly outcome: Outcome }
  | {
      readonly kind: 'StopInstance' | 'RemoveInstance'
      readonly cluster: ClusterId
      readonly instance: InstanceId
      readonly graceSeconds: number
    }
  | {
      readonly kind: 'RemoveEndpoint' | 'RemoveVolumes' | 'ReleaseNetwork'
      readonly cluster: ClusterId
    }
  /** The last one: `object` (namespace/name in the home) is free to go then. */
  | { readonly kind: 'RemoveRecords'; readonly cluster: ClusterId; readonly object: string }

/** What a step is about, for logs and refusals: never its content, which holds keys. */
export function subjectOf(step: Step): string {
  switch (step.kind) {
    case 'EnsureVolume':
      return step.volume.name
    case 'EnsureInstance':
    case 'RestartInstance':
    case 'StopInstance':
    case 'RemoveInstance':
      return step.instance.name
    case 'RemoveMachine':
      return step.machine
    default:
      return step.cluster
  }
}
