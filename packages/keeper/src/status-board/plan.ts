import { areConditionsEqual, type Plan } from '@evenkeel/kernel'
import type { ShownStatus, StatusSnapshot, StatusStep } from './status-board.ts'

/** While members come up one after the other, their states are gathered for so long. */
const GATHER_MS = 500

/** Pure. */
export function planStatus<Shown extends ShownStatus>(snapshot: StatusSnapshot<Shown>): Plan<StatusStep> {
  const { key, object, desired, shown, nowMs, writtenMs } = snapshot
  if (shown !== undefined && isSameStatus(shown, desired)) {
    return { steps: [], notes: [] }
  }
  const waitMs = writtenMs === undefined ? 0 : writtenMs + GATHER_MS - nowMs
  if (waitMs > 0 && shown?.phase === desired.phase) {
    return { steps: [], notes: [], wakeAfterMs: waitMs }
  }
  // A merge patch keeps what it does not name: what is no longer so has to be named as null.
  const stale = Object.keys(shown ?? {}).filter((member) => !(member in desired))
  const patch = { status: { ...desired, ...Object.fromEntries(stale.map((member) => [member, null])) } }
  return { steps: [{ kind: 'WriteStatus', key, object, patch }], notes: [] }
}

function isSameStatus(one: ShownStatus, other: ShownStatus): boolean {
  return (
    areConditionsEqual([...(one.conditions ?? [])], [...(other.conditions ?? [])]) &&
    (one.conditions === undefined) === (other.conditions === undefined) &&
    canonical({ ...one, conditions: [] }) === canonical({ ...other, conditions: [] })
  )
}

/** The home may give members in another order than we have written them. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
