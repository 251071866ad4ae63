import type { ClusterStatus } from '@evenkeel/contract/kinds'
import type { ConditionDraft } from '@evenkeel/kernel'
import type { IntentSnapshot } from './snapshot.ts'

/** Reason of the note and of the condition. */
export const REFUSED = 'SpecRefused'

export function refusalText(why: string): string {
  return `the object cannot be accepted: ${why}; delete it, and make the cluster anew`
}

/** The status of an object that was never accepted, before its condition has a time. */
export type RefusedStatus = Omit<ClusterStatus, 'conditions'> & { readonly conditions: readonly ConditionDraft[] }

/** What people and the service are told of an object that was never accepted; undefined where it was, or may be. Pure. */
export function refusedStatus(snapshot: IntentSnapshot): RefusedStatus | undefined {
  const { id, asked, recorded, generation, object } = snapshot
  if (!('refused' in asked) || recorded !== undefined) {
    return undefined
  }
  const message = refusalText(asked.refused)
  return {
    observedGeneration: generation,
    phase: 'FAILED',
    id,
    health: { issues: [{ code: 'ConfigurationConflict', message, resourceIds: [object.name] }] },
    conditions: [{ type: 'Accepted', status: 'False', reason: REFUSED, message }],
  }
}
