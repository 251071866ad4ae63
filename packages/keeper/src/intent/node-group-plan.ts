import type { Plan } from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'
import { REASON } from './conditions.ts'
import { advanceNodeGroupIntent, type NodeGroupId, type NodeGroupIntent } from './node-group-record.ts'
import type { IntentStep } from './snapshot.ts'

/** One NodeGroup object of the home beside what is on record for it. */
export interface NodeGroupIntentSnapshot {
  readonly id: NodeGroupId
  readonly object: { readonly namespace: string; readonly name: string }
  readonly uid: string
  readonly generation: number
  readonly asked: NodeGroupIntent | { readonly refused: string }
  readonly finalizers: readonly string[]
  readonly resourceVersion: string
  readonly deleting: boolean
  readonly recorded: NodeGroupIntent | undefined
  /** Its cluster, as far as it is on record: `deleting` ones take no new node groups. */
  readonly cluster: { readonly id: ClusterId; readonly deleting: boolean } | undefined
}

export type NodeGroupIntentStep =
  | Extract<IntentStep, { kind: 'SetFinalizers' }>
  | {
      readonly kind: 'WriteNodeGroupIntent'
      readonly cluster: ClusterId
      readonly id: NodeGroupId
      readonly intent: NodeGroupIntent
    }

const CLUSTER_LOOK_MS = 1000

/** What to write down about a NodeGroup of the home. Pure. As for clusters: the finalizer first, then the record. */
export function planNodeGroupIntent(
  snapshot: NodeGroupIntentSnapshot,
  { finalizer }: { readonly finalizer: string },
): Plan<NodeGroupIntentStep> {
  const { id, asked, cluster, recorded, finalizers, deleting, object, resourceVersion } = snapshot
  const isHeld = finalizers.includes(finalizer)
  const setFinalizers = (wanted: readonly string[]): NodeGroupIntentStep => ({
    kind: 'SetFinalizers',
    object,
    resourceVersion,
    finalizers: wanted,
  })
  // The record goes when nothing else is left, and never was where it was never accepted.
  if (deleting && recorded === undefined) {
    return { steps: isHeld ? [setFinalizers(finalizers.filter((one) => one !== finalizer))] : [], notes: [] }
  }
  if ('refused' in asked) {
    const isNews = recorded !== undefined && deleting && !recorded.deleting && cluster !== undefined
    return {
      steps: isNews
        ? [{ kind: 'WriteNodeGroupIntent', cluster: cluster.id, id, intent: { ...recorded, deleting } }]
        : [],
      notes: [{ kind: 'blocked', reason: REASON.refused, detail: `the object cannot be accepted: ${asked.refused}` }],
    }
  }
  if (cluster === undefined || (cluster.deleting && recorded === undefined)) {
    const { clusterName } = asked.spec
    const detail =
      cluster === undefined
        ? `waits until cluster ${clusterName} is accepted`
        : `cluster ${clusterName} is being deleted and takes no new node group: delete this one`
    return { steps: [], notes: [{ kind: 'waiting', reason: REASON.noCluster, detail }], wakeAfterMs: CLUSTER_LOOK_MS }
  }
  const steps: NodeGroupIntentStep[] = []
  if (!isHeld && !deleting) {
    steps.push(setFinalizers([...finalizers, finalizer]))
  }
  const next = advanceNodeGroupIntent(recorded, asked)
  if (next !== recorded) {
    steps.push({ kind: 'WriteNodeGroupIntent', cluster: cluster.id, id, intent: next })
  }
  return { steps, notes: [] }
}
