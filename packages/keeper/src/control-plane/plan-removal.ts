import type { Note, Plan } from '@evenkeel/kernel'
import { balancersOf } from './members.ts'
import { REASON } from './reasons.ts'
import { type ControlPlaneSnapshot, ENDPOINT_COMPONENT } from './snapshot.ts'
import type { Step } from './steps.ts'

/** The data goes as well, and no other server takes over: nobody gains from a long farewell. */
const REMOVAL_GRACE_SECONDS = 1
/** A failed create is stopped with its data intact, for whoever wants to look into it. */
const HALT_GRACE_SECONDS = 5
const REMOVAL_LOOK_MS = 150
const HALTED_LOOK_MS = 60_000
/** Whoever removes the last node group says so; this is for what nobody says. */
const BLOCKED_LOOK_MS = 2000

/** Everything goes, what runs first, and the records last: as long as they are there, removal can be taken up again. */
export function planRemoval(snapshot: ControlPlaneSnapshot): Plan<Step> {
  const cluster = snapshot.id
  const { nodeGroups, machines } = snapshot
  if (nodeGroups.length > 0) {
    // Draining needs an API server, and a machine without a control plane is nobody's.
    const detail = `node groups are still there (${nodeGroups.join(', ')}): delete them first`
    return {
      steps: [],
      notes: [{ kind: 'blocked', reason: REASON.nodeGroups, detail }],
      wakeAfterMs: BLOCKED_LOOK_MS,
    }
  }
  if (machines.length > 0) {
    const steps = machines.map((machine): Step => ({ kind: 'RemoveMachine', cluster, machine }))
    return { steps, notes: [removing('machines to end')], wakeAfterMs: REMOVAL_LOOK_MS }
  }
  const running = removeRunning(snapshot)
  if (running.length > 0) {
    return { steps: running, notes: [removing('programs to end')], wakeAfterMs: REMOVAL_LOOK_MS }
  }
  const kept: Step[] = []
  if (snapshot.observedVolumes.length > 0) {
    kept.push({ kind: 'RemoveVolumes', cluster })
  }
  if (snapshot.network !== undefined) {
    kept.push({ kind: 'ReleaseNetwork', cluster })
  }
  if (kept.length > 0) {
    return { steps: kept, notes: [removing('volumes and addresses to be given back')], wakeAfterMs: 0 }
  }
  if (snapshot.admitted) {
    return { steps: [], notes: [removing('the authenticators to forget it')], wakeAfterMs: REMOVAL_LOOK_MS }
  }
  const { intent } = snapshot
  const object = intent.kind === 'hosted' ? `${intent.namespace}/${intent.name}` : ''
  // The volumes once more: a removal of them that was cut short leaves what is out of sight.
  const last: readonly Step[] = [
    { kind: 'RemoveVolumes', cluster },
    { kind: 'RemoveRecords', cluster, object },
  ]
  return { steps: last, notes: [], wakeAfterMs: 0 }
}

function removeRunning(snapshot: ControlPlaneSnapshot): readonly Step[] {
  const cluster = snapshot.id
  const steps = snapshot.observedInstances
    .filter((instance) => instance.component !== ENDPOINT_COMPONENT)
    .map(
      ({ name }): Step => ({
        kind: 'RemoveInstance',
        cluster,
        instance: { cluster, name },
        graceSeconds: REMOVAL_GRACE_SECONDS,
      }),
    )
  return hasEndpoint(snapshot) ? [...steps, { kind: 'RemoveEndpoint', cluster }] : steps
}

/** A create that has failed stays as it is, without programs, until it is deleted. */
export function planHalt(snapshot: ControlPlaneSnapshot): Plan<Step> {
  const cluster = snapshot.id
  const steps: Step[] = snapshot.observedInstances
    .filter((instance) => instance.component !== ENDPOINT_COMPONENT && instance.state !== 'stopped')
    .map(({ name }) => ({
      kind: 'StopInstance',
      cluster,
      instance: { cluster, name },
      graceSeconds: HALT_GRACE_SECONDS,
    }))
  if (hasEndpoint(snapshot)) {
    // It holds nothing: rendered again whenever it is wanted.
    steps.push({ kind: 'RemoveEndpoint', cluster })
  }
  const notes: readonly Note[] =
    steps.length === 0 ? [] : [{ kind: 'waiting', reason: REASON.halting, detail: 'waiting for programs to end' }]
  return { steps, notes, wakeAfterMs: steps.length === 0 ? HALTED_LOOK_MS : REMOVAL_LOOK_MS }
}

function hasEndpoint(snapshot: ControlPlaneSnapshot): boolean {
  return balancersOf(snapshot).length > 0 || (snapshot.observedEndpoint?.balancers.length ?? 0) > 0
}

function removing(what: string): Note {
  return { kind: 'waiting', reason: REASON.removing, detail: `waiting for ${what}` }
}
