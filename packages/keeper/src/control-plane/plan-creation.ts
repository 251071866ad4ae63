import type { Note, Plan } from '@evenkeel/kernel'
import { effortOf, isEffortDue } from './effort.ts'
import type { Outcome } from './facts.ts'
import { balancersOf, membersOf } from './members.ts'
import { planPresence } from './plan-presence.ts'
import { REASON } from './reasons.ts'
import { type ControlPlaneSnapshot, CREATE_DEADLINE_MS } from './snapshot.ts'
import type { Step } from './steps.ts'

/** Short: what a create waits for is measured in fractions of a second, and nobody else is served yet. */
const CREATING_LOOK_MS = 150
/** While the endpoint leads nowhere, a look would only take processor time from the programs that start. */
const STARTING_LOOK_MS = 250
/** A create that takes longer than this is not helped by looking often. */
const BRISK_MS = 60_000
/** While megabytes arrive, or after that. */
const UNHURRIED_LOOK_MS = 1000

/**
 * Everything that can be is started at once; then it is watched closely until the whole path has been seen to work, or time
 * is up.
 */
export function planCreation(snapshot: ControlPlaneSnapshot): Plan<Step> {
  const missing = missingForActive(snapshot)
  if (missing.length === 0) {
    return conclude(snapshot, { result: 'active', at: time(snapshot.nowMs) })
  }
  const failure = failureOf(snapshot, missing)
  if (failure !== undefined) {
    return conclude(snapshot, failure)
  }
  const presence = planPresence(snapshot, { mayMakeVolumes: true })
  const waiting: Note = { kind: 'waiting', reason: REASON.creating, detail: `waiting for ${missing.join(', ')}` }
  const isArriving = snapshot.release !== undefined && snapshot.programs.state !== 'present'
  const effort = effortOf(snapshot)
  const isBrisk = !isArriving && effort.workedMs < BRISK_MS
  return {
    // First: whatever is refused after it, the time that it has cost is on record.
    steps: isEffortDue(snapshot)
      ? [{ kind: 'RecordEffort', cluster: snapshot.id, effort }, ...presence.steps]
      : presence.steps,
    notes: [...presence.notes, waiting],
    wakeAfterMs: isBrisk ? briskLookMs(snapshot) : UNHURRIED_LOOK_MS,
  }
}

function briskLookMs({ probes }: ControlPlaneSnapshot): number {
  return probes?.endpoint.ready === false ? STARTING_LOOK_MS : CREATING_LOOK_MS
}

/**
 * What has still to be seen before the cluster is called ACTIVE: every member ready, since a cluster without its spare
 * members is not the highly available one that was asked for, and the whole path of a client: endpoint, controllers,
 * token. Empty when nothing is missing.
 */
export function missingForActive(snapshot: ControlPlaneSnapshot): readonly string[] {
  const members = membersOf(snapshot)
  const { probes, desired, homeAccess } = snapshot
  if (desired === undefined || members.length === 0) {
    return ['keys and addresses']
  }
  const missing = members.filter((member) => !member.ready).map((member) => member.spec.name)
  if (probes?.endpoint.ready !== true) {
    missing.push('the endpoint')
  }
  if (homeAccess === undefined) {
    if (probes?.defaultServiceAccount !== true) {
      missing.push('the service account default/default')
    }
    if (probes?.token.ready !== true) {
      missing.push('a verified token')
    }
    if (desired.objects.length > 0 && probes?.objects !== true) {
      missing.push('the objects of its network')
    }
    if (desired.endpoint !== undefined && balancersOf(snapshot).length === 0 && !hasBalancers(snapshot)) {
      missing.push('the balancers')
    }
  } else if (!homeAccess.filesWritten || !homeAccess.rightsGranted) {
    missing.push('access for the service and the keepers')
  }
  return missing
}

function hasBalancers(snapshot: ControlPlaneSnapshot): boolean {
  return (snapshot.observedEndpoint?.balancers.length ?? 0) > 0
}

/** Only a hosted cluster can fail: the home is tried for ever, since nothing works without it. */
function failureOf(snapshot: ControlPlaneSnapshot, missing: readonly string[]): Outcome | undefined {
  if (snapshot.intent.kind !== 'hosted') {
    return undefined
  }
  const failed = (code: string, message: string): Outcome => ({
    result: 'failed',
    at: time(snapshot.nowMs),
    code,
    message,
  })
  if (snapshot.release === undefined && snapshot.offered === undefined) {
    const message = `Kubernetes ${snapshot.intent.spec.version} is not offered: delete the cluster and choose an offered version`
    return failed('UnsupportedVersion', message)
  }
  const full = snapshot.refusals.find((refusal) => refusal.code === 'NoSpace')
  if (full !== undefined) {
    return failed('ResourceLimitExceeded', `${full.message} (${full.subject})`)
  }
  const exhausted = snapshot.refusals.find((refusal) => refusal.code === 'NoCapacity')
  if (exhausted !== undefined) {
    return failed('InsufficientFreeAddresses', exhausted.message)
  }
  if (effortOf(snapshot).workedMs >= CREATE_DEADLINE_MS) {
    const minutes = CREATE_DEADLINE_MS / 60_000
    const message = `the control plane was not ready after ${minutes} minutes: still waiting for ${missing.join(', ')}`
    return failed('InternalFailure', message)
  }
  return undefined
}

function conclude(snapshot: ControlPlaneSnapshot, outcome: Outcome): Plan<Step> {
  return { steps: [{ kind: 'RecordOutcome', cluster: snapshot.id, outcome }], notes: [], wakeAfterMs: 0 }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
