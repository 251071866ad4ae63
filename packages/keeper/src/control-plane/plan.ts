import type { Note, Plan } from '@evenkeel/kernel'
import { planCreation } from './plan-creation.ts'
import { planPresence } from './plan-presence.ts'
import { planHalt, planRemoval } from './plan-removal.ts'
import { type ControlPlaneSnapshot, phaseOf } from './snapshot.ts'
import { type Step, subjectOf } from './steps.ts'

/** Milliseconds between looks at a control plane with nothing to do, before jitter. */
const SETTLED_LOOK_MS = 5000
/** While something is on its way. */
const UNSETTLED_LOOK_MS = 1000
/** While members are replaced one after the other, each waits for the one before: until then the next is unsupervised. */
const REPLACING_LOOK_MS = 300

/** What to do about a control plane as it was seen. Pure. */
export function planControlPlane(snapshot: ControlPlaneSnapshot): Plan<Step> {
  switch (phaseOf(snapshot)) {
    case 'DELETING':
      return planRemoval(snapshot)
    case 'FAILED':
      return planHalt(snapshot)
    case 'CREATING':
      return planCreation(snapshot)
    case 'ACTIVE':
      return planKeeping(snapshot)
  }
}

/** An active control plane is kept: nothing new is made, what is lost is put back, what has changed is brought in in turn. */
function planKeeping(snapshot: ControlPlaneSnapshot): Plan<Step> {
  const presence = planPresence(snapshot, { mayMakeVolumes: false })
  const settled = presence.steps.length === 0 && presence.settled
  return {
    steps: presence.steps,
    notes: [...presence.notes, ...refusalNotes(snapshot, presence.steps)],
    wakeAfterMs: settled
      ? SETTLED_LOOK_MS + jitterMs(snapshot.id)
      : presence.replacing
        ? REPLACING_LOOK_MS
        : UNSETTLED_LOOK_MS,
  }
}

/** What was refused and is still to be done: a step that is no longer wanted holds nothing up, whatever was said of it. */
function refusalNotes(snapshot: ControlPlaneSnapshot, steps: readonly Step[]): readonly Note[] {
  const wanted = new Set(steps.map((step) => `${step.kind} ${subjectOf(step)}`))
  return snapshot.refusals
    .filter(({ step, subject }) => wanted.has(`${step} ${subject}`))
    .map(({ message }) => ({ kind: 'blocked', reason: 'Refused', detail: message }))
}

/** Spreads looks at many clusters over a second; the same for the same cluster, so that plans can be compared. */
function jitterMs(id: string): number {
  let sum = 0
  for (const char of id) {
    sum = (sum * 31 + char.charCodeAt(0)) % 1000
  }
  return sum
}
