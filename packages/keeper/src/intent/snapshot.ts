import type { ClusterId } from '@evenkeel/substrate'
import type { HostedIntent } from './record.ts'

/** Of a Cluster in the home. */
export interface ClusterObjectName {
  readonly namespace: string
  readonly name: string
}

/** One Cluster object of the home beside what is on record for it. */
export interface IntentSnapshot {
  readonly id: ClusterId
  readonly object: ClusterObjectName
  readonly uid: string
  readonly generation: number
  /** What the object asks for, or why it cannot be accepted. */
  readonly asked: HostedIntent | { readonly refused: string }
  readonly finalizers: readonly string[]
  readonly resourceVersion: string
  readonly deleting: boolean
  readonly recorded: HostedIntent | undefined
  /** Something of the cluster is still there: programs, volumes, addresses or records. */
  readonly hasRemains: boolean
}

export type IntentStep =
  /** To be refused by the home when the object is no longer the one that was seen. */
  | {
      readonly kind: 'SetFinalizers'
      readonly object: ClusterObjectName
      readonly resourceVersion: string
      readonly finalizers: readonly string[]
    }
  | { readonly kind: 'WriteIntent'; readonly id: ClusterId; readonly intent: HostedIntent }
