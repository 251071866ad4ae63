import type { Note, Plan } from '@evenkeel/kernel'
import { advanceIntent, isSetBack } from './advance.ts'
import type { HostedIntent } from './record.ts'
import type { IntentSnapshot, IntentStep } from './snapshot.ts'

/** Given in, so that this file stays free of what `contract` carries. */
export interface IntentPlanOptions {
  readonly finalizer: string
}

/** What to write down about an object of the home. Pure. */
export function planIntent(snapshot: IntentSnapshot, { finalizer }: IntentPlanOptions): Plan<IntentStep> {
  const { id, asked, recorded, finalizers, deleting, hasRemains } = snapshot
  if ('refused' in asked) {
    const detail = `the object cannot be accepted: ${asked.refused}; correct its spec or delete it`
    return { steps: [], notes: [{ kind: 'blocked', reason: 'SpecRefused', detail }] }
  }
  const isHeld = finalizers.includes(finalizer)
  if (deleting && recorded === undefined && !hasRemains) {
    return { steps: isHeld ? [setFinalizers(snapshot, asked, without(finalizers, finalizer))] : [], notes: [] }
  }
  const steps: IntentStep[] = []
  // A home refuses new finalizers on what is being deleted.
  if (!isHeld && !deleting) {
    steps.push(setFinalizers(snapshot, asked, [...finalizers, finalizer]))
  }
  const next = advanceIntent(recorded, asked)
  if (next !== recorded) {
    steps.push({ kind: 'WriteIntent', id, intent: next })
  }
  return { steps, notes: setBackNotes(recorded, asked) }
}

function setFinalizers(
  snapshot: IntentSnapshot,
  { namespace, name }: HostedIntent,
  finalizers: readonly string[],
): IntentStep {
  return { kind: 'SetFinalizers', object: { namespace, name }, resourceVersion: snapshot.resourceVersion, finalizers }
}

function without(finalizers: readonly string[], finalizer: string): readonly string[] {
  return finalizers.filter((one) => one !== finalizer)
}

function setBackNotes(recorded: HostedIntent | undefined, asked: HostedIntent): readonly Note[] {
  if (recorded === undefined || !isSetBack(recorded, asked)) {
    return []
  }
  const detail = `the home shows generation ${asked.generation}, accepted was generation ${recorded.generation}: what was accepted stays in force until the object is changed again`
  return [{ kind: 'blocked', reason: 'HomeSetBack', detail }]
}
