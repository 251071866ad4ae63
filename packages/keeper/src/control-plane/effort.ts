import type { Effort } from './facts.ts'
import type { ControlPlaneSnapshot } from './snapshot.ts'

/** How often it is written down while a create goes on; a create that goes well has ended before. */
const RECORD_INTERVAL_MS = 30_000
/** A keeper at work looks at a create more often than this, failures and a slow machine included. */
const LONGEST_PAUSE_MS = 60_000

type Seen = Pick<ControlPlaneSnapshot, 'nowMs' | 'intent' | 'effort'>

/**
 * What keepers have spent on a create up to now. Time in which none could work (the installation was down, the machine
 * asleep) does not count: of a longer pause since the last record, only what a keeper may have worked is added. A clock
 * that was set back adds nothing. Pure.
 */
export function effortOf({ nowMs, intent, effort }: Seen): Effort {
  const { workedMs, at } = effort ?? { workedMs: 0, at: intent.acceptedAt }
  const sinceMs = Math.min(Math.max(nowMs - Date.parse(at), 0), LONGEST_PAUSE_MS)
  return { workedMs: workedMs + sinceMs, at: new Date(nowMs).toISOString() }
}

/** Of hosted clusters alone: the home has no deadline. A record from the future is replaced, or it would stop the count. */
export function isEffortDue({ nowMs, intent, effort }: Seen): boolean {
  if (intent.kind !== 'hosted') {
    return false
  }
  return Math.abs(nowMs - Date.parse(effort?.at ?? intent.acceptedAt)) >= RECORD_INTERVAL_MS
}
