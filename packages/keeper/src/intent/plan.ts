import type { Note, Plan } from '@evenkeel/kernel'
import { advanceIntent, isSetBack } from './advance.ts'
import { REASON, refusalText, setBackText } from './conditions.ts'
import type { HostedIntent } from './record.ts'
import type { IntentSnapshot, IntentStep } from './snapshot.ts'

/** Given in, so that this file stays free of what `contract` carries. */
export interface IntentPlanOptions {
  readonly finalizer: string
}

/** What to write down about an object of the home. Pure. */
export function planIntent(snapshot: IntentSnapshot, { finalizer }: IntentPlanOptions): Plan<IntentStep> {
  const { id, asked, recorded, finalizers, deleting, hasRemains } = snapshot
  const isHeld = finalizers.includes(finalizer)
  if (deleting && recorded === undefined && !hasRemains) {
    return { steps: isHeld ? [setFinalizers(snapshot, without(finalizers, finalizer))] : [], notes: [] }
  }
  if ('refused' in asked) {
    return planRefused(snapshot, asked.refused)
  }
  const steps: IntentStep[] = []
  // A home refuses new finalizers on what is being deleted.
  if (!isHeld && !deleting) {
    steps.push(setFinalizers(snapshot, [...finalizers, finalizer]))
  }
  const next = advanceIntent(recorded, asked)
  if (next !== recorded) {
    steps.push({ kind: 'WriteIntent', id, intent: next })
  }
  return { steps, notes: setBackNotes(recorded, asked) }
}

/** What was accepted before stays in force, and can be deleted all the same. */
function planRefused({ id, recorded, deleting }: IntentSnapshot, why: string): Plan<IntentStep> {
  const isNews = recorded !== undefined && deleting && !recorded.deleting
  return {
    steps: isNews ? [{ kind: 'WriteIntent', id, intent: { ...recorded, deleting } }] : [],
    notes: [{ kind: 'blocked', reason: REASON.refused, detail: refusalText(why) }],
  }
}

function setFinalizers({ object, resourceVersion }: IntentSnapshot, finalizers: readonly string[]): IntentStep {
  return { kind: 'SetFinalizers', object, resourceVersion, finalizers }
}

function without(finalizers: readonly string[], finalizer: string): readonly string[] {
  return finalizers.filter((one) => one !== finalizer)
}

function setBackNotes(recorded: HostedIntent | undefined, asked: HostedIntent): readonly Note[] {
  if (recorded === undefined || !isSetBack(recorded, asked)) {
    return []
  }
  return [{ kind: 'blocked', reason: REASON.setBack, detail: setBackText(recorded, asked) }]
}
