import type { Note, Plan } from '@evenkeel/kernel'
import { nodeLabels } from '../node/index.ts'
import { isReady } from './budget.ts'
import type { GroupOutcome, Progress } from './facts.ts'
import { marksPatch, uncordonPatch } from './plan-node.ts'
import { drainObstacle, isDrainOver, planRetirement } from './plan-retirement.ts'
import { JOIN_DEADLINE_MS, neverJoined, outdatedOf, planRoster } from './plan-roster.ts'
import { REASON } from './reasons.ts'
import { askedKey, type NodeGroupSnapshot, stageOf } from './snapshot.ts'
import { type GroupStep, type Of, subjectOf } from './steps.ts'

/** Milliseconds between looks at a group with nothing to do. */
const SETTLED_LOOK_MS = 5000
/** While machines come or go. */
const BUSY_LOOK_MS = 500
/** While a budget refuses evictions, or a machine does not come in the time that most do. */
const PATIENT_LOOK_MS = 2000
const USUAL_JOIN_MS = 60_000
const HALTED_LOOK_MS = 60_000

/** What to do about a node group as it was seen. Pure. */
export function planNodeGroup(snapshot: NodeGroupSnapshot): Plan<GroupStep> {
  switch (stageOf(snapshot)) {
    case 'DELETING':
      return planDeletion(snapshot)
    case 'CREATE_FAILED':
      // As it is, until it is deleted: for whoever wants to look into it.
      return { steps: [], notes: [], wakeAfterMs: HALTED_LOOK_MS }
    case 'CREATING':
    case 'KEEPING':
      return planKeeping(snapshot)
  }
}

function planDeletion(snapshot: NodeGroupSnapshot): Plan<GroupStep> {
  const of = ofGroup(snapshot)
  const roster = planRoster(snapshot)
  if (roster !== snapshot.roster) {
    return { steps: [{ ...of, kind: 'RecordRoster', roster }], notes: [], wakeAfterMs: 0 }
  }
  const leaving = planLeaving(snapshot)
  if (leaving.steps.length > 0 || roster.machines.length > 0 || snapshot.machines.size > 0) {
    const left = `${snapshot.machines.size} machines are left`
    const note: Note = { kind: 'waiting', reason: REASON.removing, detail: left }
    return { steps: leaving.steps, notes: [note, ...leaving.notes], wakeAfterMs: unsettledLookMs(snapshot) }
  }
  const { namespace, name } = snapshot.intent
  return { steps: [{ ...of, kind: 'RemoveRecords', object: `${namespace}/${name}` }], notes: [], wakeAfterMs: 0 }
}

function planKeeping(snapshot: NodeGroupSnapshot): Plan<GroupStep> {
  const failure = failureOf(snapshot)
  if (failure !== undefined) {
    return { steps: [{ ...ofGroup(snapshot), kind: 'RecordOutcome', outcome: failure }], notes: [], wakeAfterMs: 0 }
  }
  if (snapshot.obstacle !== undefined) {
    const { detail } = snapshot.obstacle
    return { steps: [], notes: [{ kind: 'blocked', reason: REASON.obstacle, detail }], wakeAfterMs: 1000 }
  }
  const facts = planFacts(snapshot)
  if (facts !== undefined) {
    return facts
  }
  const of = ofGroup(snapshot)
  const roster = planRoster(snapshot)
  if (roster !== snapshot.roster) {
    return { steps: [{ ...of, kind: 'RecordRoster', roster }], notes: [], wakeAfterMs: 0 }
  }
  const leaving = planLeaving(snapshot)
  const making = planMachines(snapshot)
  const marks = planMarks(snapshot)
  const steps = [...making.steps, ...marks, ...leaving.steps]
  const notes = [...making.notes, ...leaving.notes]
  const isSettled = steps.length === 0 && isAsWanted(snapshot)
  return {
    steps: isSettled ? planConclusion(snapshot) : steps,
    notes: [...notes, ...refusalNotes(snapshot, steps)],
    wakeAfterMs: isSettled ? SETTLED_LOOK_MS : unsettledLookMs(snapshot),
  }
}

/** What is chosen once, and the programs without which no machine starts; undefined when all is there. */
function planFacts(snapshot: NodeGroupSnapshot): Plan<GroupStep> | undefined {
  const { intent, progress, versions, programs } = snapshot
  const of = ofGroup(snapshot)
  const asked = askedKey(intent)
  if (progress?.asked !== asked) {
    const { failed: _failed, ...before } = progress ?? { failed: undefined }
    const previous = progress === undefined ? {} : { previous: progress.releaseVersion }
    const next: Progress = { ...before, ...previous, releaseVersion: intent.spec.releaseVersion, asked }
    return { steps: [{ ...of, kind: 'RecordProgress', progress: next }], notes: [], wakeAfterMs: 0 }
  }
  const failed = failedUpdate(snapshot, progress)
  if (failed !== undefined) {
    return { steps: [{ ...of, kind: 'RecordProgress', progress: failed }], notes: [], wakeAfterMs: 0 }
  }
  if (versions === undefined) {
    const detail = `node bundle ${progress.releaseVersion} is not known by this release of Evenkeel`
    return { steps: [], notes: [{ kind: 'blocked', reason: REASON.unknownRelease, detail }], wakeAfterMs: 60_000 }
  }
  if (!snapshot.traits.runsContainers || programs.state === 'present') {
    return undefined
  }
  const what = `the programs of nodes ${versions.releaseVersion}`
  if (programs.state === 'failed') {
    const detail = `${what} did not arrive: ${programs.detail}`
    return { steps: [], notes: [{ kind: 'blocked', reason: REASON.programsFailed, detail }], wakeAfterMs: 1000 }
  }
  return {
    steps: programs.state === 'absent' ? [{ ...of, kind: 'RequestPrograms', versions }] : [],
    notes: [{ kind: 'waiting', reason: REASON.programsArriving, detail: `${what} are being brought here` }],
    wakeAfterMs: 1000,
  }
}

/** An update that cannot go on goes back: to the version before, with the reason on record. */
function failedUpdate(snapshot: NodeGroupSnapshot, progress: Progress): Progress | undefined {
  const { previous, releaseVersion } = progress
  const { lastVersionUpdate } = snapshot.intent.spec
  if (previous === undefined || previous === releaseVersion || progress.failed !== undefined) {
    return undefined
  }
  const fail = (code: string, message: string, resourceIds: string[]): Progress => ({
    ...progress,
    releaseVersion: previous,
    failed: {
      at: new Date(snapshot.nowMs).toISOString(),
      code,
      message,
      resourceIds,
      ...(lastVersionUpdate === undefined ? {} : { updateId: lastVersionUpdate.id }),
    },
  })
  if (snapshot.versions === undefined) {
    return fail('Unknown', `node bundle ${releaseVersion} is not known by this release of Evenkeel`, [])
  }
  const stuck = snapshot.roster.machines.find(
    (machine) =>
      machine.retiring?.reason === 'update' &&
      lastVersionUpdate?.force !== true &&
      isDrainOver(machine, snapshot.nowMs) &&
      snapshot.machines.has(machine.name),
  )
  if (stuck !== undefined) {
    const message = `${drainObstacle(snapshot, stuck.name)} after 15 minutes: make room in the budget, or update with force`
    return fail('PodEvictionFailure', message, [stuck.name])
  }
  const never = neverJoined(snapshot).find((machine) => machine.releaseVersion === releaseVersion)
  return never === undefined
    ? undefined
    : fail('NodeCreationFailure', neverJoinedText(snapshot, never.name), [never.name])
}

function planMachines(snapshot: NodeGroupSnapshot): { steps: readonly GroupStep[]; notes: readonly Note[] } {
  const { roster, traits, desired, machines, leavesDue } = snapshot
  const of = ofGroup(snapshot)
  const staying = roster.machines.filter(({ retiring }) => retiring === undefined)
  const nameless = traits.needsAddress ? staying.filter(({ address }) => address === undefined) : []
  if (nameless.length > 0) {
    const names = nameless.map(({ name }) => name)
    return { steps: [{ ...of, kind: 'ClaimAddresses', machines: names }], notes: [] }
  }
  const leaves: GroupStep[] = leavesDue === true ? [{ ...of, kind: 'RecordLeaves' }] : []
  const ensure = staying.flatMap(({ name }): GroupStep[] => {
    const wanted = desired.get(name)
    const machine = machines.get(name)
    const isThere = machine !== undefined && machine.digest === wanted?.digest && machine.state !== 'stopped'
    return wanted === undefined || isThere || machine?.state === 'stopping'
      ? []
      : [{ ...of, kind: 'EnsureMachine', spec: wanted.spec }]
  })
  const joining = staying.filter(({ name }) => !isReady(snapshot, name)).map(({ name }) => name)
  const notes: Note[] =
    joining.length === 0
      ? []
      : [{ kind: 'waiting', reason: REASON.joining, detail: `waits for ${joining.join(', ')} to be Ready` }]
  return { steps: [...leaves, ...ensure], notes }
}

/** Labels and taints of nodes that stay, and doors that a failed update has left closed. */
function planMarks(snapshot: NodeGroupSnapshot): readonly GroupStep[] {
  const { nodes, roster, intent, region } = snapshot
  if (!nodes.known) {
    return []
  }
  const of = ofGroup(snapshot)
  return roster.machines.flatMap((machine): GroupStep[] => {
    const node = nodes.byName.get(machine.name)
    if (node === undefined || machine.retiring !== undefined) {
      return []
    }
    const { resourceVersion } = node
    const uncordon = uncordonPatch(node)
    if (uncordon !== undefined) {
      return [{ ...of, kind: 'PatchNode', node: node.name, resourceVersion, patch: uncordon, what: 'uncordon' }]
    }
    const { nodegroupName: name, capacityType, labels, taints } = intent.spec
    const { zone, instanceType, releaseVersion } = machine
    const group = { name, capacityType, labels, taints }
    const wanted = nodeLabels({ zone, region, instanceType, releaseVersion, group })
    const patch = marksPatch(node, { labels: wanted, taints })
    return patch === undefined
      ? []
      : [{ ...of, kind: 'PatchNode', node: node.name, resourceVersion, patch, what: 'labels' }]
  })
}

/** Machines that leave, and those that nobody knows why they are there. */
function planLeaving(snapshot: NodeGroupSnapshot): { steps: readonly GroupStep[]; notes: readonly Note[] } {
  const { roster, machines } = snapshot
  const known = new Set(roster.machines.map(({ name }) => name))
  const strays = [...machines.keys()]
    .filter((name) => !known.has(name))
    .map((machine): GroupStep => ({ ...ofGroup(snapshot), kind: 'RemoveMachine', machine }))
  const plans = roster.machines
    .filter(({ retiring }) => retiring !== undefined)
    .map((machine) => planRetirement(snapshot, machine))
  return { steps: [...plans.flatMap(({ steps }) => steps), ...strays], notes: plans.flatMap(({ notes }) => notes) }
}

/** Whether the nodes are what is asked for, each of them Ready. */
export function isAsWanted(snapshot: NodeGroupSnapshot): boolean {
  const { roster, intent } = snapshot
  return (
    roster.machines.length === intent.spec.scalingConfig.desiredSize &&
    roster.machines.every(({ name, retiring }) => retiring === undefined && isReady(snapshot, name)) &&
    (outdatedOf(snapshot).length === 0 || intent.spec.updatePaused)
  )
}

/** What is written down once the nodes are as wanted: that the create is over, and how far the group is. */
function planConclusion(snapshot: NodeGroupSnapshot): readonly GroupStep[] {
  const { outcome, progress, intent, nowMs } = snapshot
  const of = ofGroup(snapshot)
  const isPaused = outdatedOf(snapshot).length > 0
  const steps: GroupStep[] = []
  if (outcome === undefined) {
    steps.push({ ...of, kind: 'RecordOutcome', outcome: { result: 'active', at: new Date(nowMs).toISOString() } })
  }
  const isNews = progress?.settledGeneration !== intent.generation || progress.previous !== undefined
  if (progress !== undefined && isNews && !isPaused) {
    const { previous: _done, ...rest } = progress
    steps.push({ ...of, kind: 'RecordProgress', progress: { ...rest, settledGeneration: intent.generation } })
  }
  return steps
}

/** Why a create has failed for good. */
function failureOf(snapshot: NodeGroupSnapshot): GroupOutcome | undefined {
  if (stageOf(snapshot) !== 'CREATING') {
    return undefined
  }
  const { obstacle, refusals, intent, versions } = snapshot
  const failed = (code: string, message: string, resourceIds: string[]): GroupOutcome => ({
    result: 'failed',
    at: new Date(snapshot.nowMs).toISOString(),
    code,
    message,
    resourceIds,
  })
  const { nodegroupName } = intent.spec
  if (obstacle !== undefined && !obstacle.passes) {
    return failed('NodeCreationFailure', obstacle.detail, [nodegroupName])
  }
  if (versions === undefined && obstacle === undefined) {
    const message = `node bundle ${intent.spec.releaseVersion} is not known by this release of Evenkeel`
    return failed('NodeCreationFailure', message, [nodegroupName])
  }
  const full = refusals.find(({ code }) => code === 'NoCapacity' || code === 'NoSpace')
  if (full !== undefined) {
    const code = full.step === 'ClaimAddresses' ? 'InsufficientFreeAddresses' : 'AsgInstanceLaunchFailures'
    return failed(code, full.message, [full.subject])
  }
  const [first, ...others] = neverJoined(snapshot).map(({ name }) => name)
  return first === undefined
    ? undefined
    : failed('NodeCreationFailure', neverJoinedText(snapshot, first), [first, ...others])
}

export function neverJoinedText({ machines }: NodeGroupSnapshot, name: string): string {
  const machine = machines.get(name)
  const programs = machine?.programs.map((program) => `${program.name} ${program.state}`).join(', ') ?? ''
  const state =
    machine === undefined
      ? 'its machine is not there'
      : `its machine is ${machine.state}${programs === '' ? '' : ` (${programs})`}`
  return `${name} has not become a Ready node of the cluster in ${JOIN_DEADLINE_MS / 60_000} minutes: ${state}; its logs say more`
}

/** What was refused and is still to be done. */
function refusalNotes(snapshot: NodeGroupSnapshot, steps: readonly GroupStep[]): readonly Note[] {
  const wanted = new Set(steps.map((step) => `${step.kind} ${subjectOf(step)}`))
  return snapshot.refusals
    .filter(({ step, subject }) => wanted.has(`${step} ${subject}`))
    .map(({ message }) => ({ kind: 'blocked', reason: REASON.refused, detail: message }))
}

function unsettledLookMs({ evictions, waitingSinceMs, nowMs, roster }: NodeGroupSnapshot): number {
  const isRefused = [...evictions.values()].some(({ refused }) => refused !== undefined)
  const isLong = roster.machines.every(({ name, retiring }) => {
    const sinceMs = waitingSinceMs.get(name)
    return retiring === undefined && (sinceMs === undefined || nowMs - sinceMs >= USUAL_JOIN_MS)
  })
  return isRefused || isLong ? PATIENT_LOOK_MS : BUSY_LOOK_MS
}

function ofGroup({ cluster, id }: NodeGroupSnapshot): Of {
  return { cluster, group: id }
}
