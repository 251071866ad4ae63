import type { ClusterStatus } from '@evenkeel/contract/kinds'
import type { ConditionDraft } from '@evenkeel/kernel'
import { isSetBack } from './advance.ts'
import type { HostedIntent } from './record.ts'
import type { IntentSnapshot } from './snapshot.ts'

/** Type of the one condition of this slice: it is there while what the home shows is not what is kept. */
const ACCEPTED = 'Accepted'

/** Reasons of notes and of the condition. */
export const REASON = { refused: 'SpecRefused', setBack: 'HomeSetBack', noCluster: 'NoCluster' } as const

export function refusalText(why: string): string {
  return `the object cannot be accepted: ${why}; delete it, and make the cluster anew`
}

export function setBackText(recorded: HostedIntent, asked: HostedIntent): string {
  return `the home shows generation ${asked.generation}, accepted was generation ${recorded.generation}: what was accepted stays in force until the object is changed again`
}

/** Nothing where the home shows what was accepted, or what will be. Pure. */
export function intentConditions({ asked, recorded }: IntentSnapshot): readonly ConditionDraft[] {
  const not = (reason: string, message: string): readonly ConditionDraft[] => [
    { type: ACCEPTED, status: 'False', reason, message },
  ]
  if ('refused' in asked) {
    return not(REASON.refused, refusalText(asked.refused))
  }
  return recorded !== undefined && isSetBack(recorded, asked) ? not(REASON.setBack, setBackText(recorded, asked)) : []
}

/** The status of an object that was never accepted, before its conditions have a time. */
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
    conditions: intentConditions(snapshot),
  }
}
