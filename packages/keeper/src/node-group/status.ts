import type { HealthIssue, NodeGroupPhase, NodeGroupStatus, NodeStatus } from '@evenkeel/contract/kinds'
import { type ConditionDraft, formatTime, mergeConditions } from '@evenkeel/kernel'
import { isReady } from './budget.ts'
import type { RosterMachine } from './facts.ts'
import { neverJoinedText } from './plan.ts'
import { DRAIN_DEADLINE_MS, drainObstacle } from './plan-retirement.ts'
import { neverJoined, outdatedOf } from './plan-roster.ts'
import { type NodeGroupSnapshot, stageOf } from './snapshot.ts'

/** A node as it was seen, before it is known since when. */
export type NodeDraft = Omit<NodeStatus, 'since'>

/** A status before its conditions and nodes have their times. */
export type NodeGroupStatusDraft = Omit<NodeGroupStatus, 'conditions' | 'nodes'> & {
  readonly nodes: readonly NodeDraft[]
  readonly conditions: readonly ConditionDraft[]
}

/** The status with its times: those of `shown` where nothing has changed. */
export function withTimes(
  draft: NodeGroupStatusDraft,
  shown: NodeGroupStatus | undefined,
  nowMs: number,
): NodeGroupStatus {
  const { observedGeneration } = draft
  const times = observedGeneration === undefined ? { nowMs } : { nowMs, observedGeneration }
  const nodes = draft.nodes.map((node): NodeStatus => {
    const before = shown?.nodes?.find(({ name }) => name === node.name)
    const isSame = before !== undefined && before.state === node.state && before.ready === node.ready
    return { ...node, since: isSame ? before.since : formatTime(nowMs) }
  })
  return { ...draft, nodes, conditions: mergeConditions(shown?.conditions, draft.conditions, times) }
}

/** As many as the home takes. */
const MOST_NODES_SHOWN = 128

/** What people and the service are told of a node group. Coarse: it changes when something has happened. */
export function nodeGroupStatus(
  snapshot: NodeGroupSnapshot,
  conditions: readonly ConditionDraft[],
): NodeGroupStatusDraft {
  const { intent, roster } = snapshot
  const nodes = roster.machines.map((machine) => nodeStatus(snapshot, machine))
  const issues = healthIssues(snapshot)
  const releaseVersion = shownRelease(snapshot)
  return {
    observedGeneration: intent.generation,
    phase: groupPhase(snapshot, issues),
    version: minorOfRelease(releaseVersion),
    releaseVersion,
    nodeCount: nodes.length,
    readyCount: nodes.filter(({ ready }) => ready).length,
    nodes: shown(nodes),
    health: { issues },
    conditions,
  }
}

/** EKS's word for where the group stands. */
export function groupPhase(snapshot: NodeGroupSnapshot, issues: readonly HealthIssue[]): NodeGroupPhase {
  const { intent, progress } = snapshot
  switch (stageOf(snapshot)) {
    case 'DELETING':
      return 'DELETING'
    case 'CREATING':
      return 'CREATING'
    case 'CREATE_FAILED':
      return 'CREATE_FAILED'
    case 'KEEPING':
      // A paused or failed update has ended for whoever waits for it.
      if (progress?.settledGeneration !== intent.generation && progress?.failed === undefined) {
        return issues.length > 0 && snapshot.obstacle !== undefined ? 'DEGRADED' : 'UPDATING'
      }
      return issues.length > 0 ? 'DEGRADED' : 'ACTIVE'
  }
}

/** The release of the spec once no node of another is left, and the one before until then. */
function shownRelease(snapshot: NodeGroupSnapshot): string {
  const { progress, roster, intent } = snapshot
  const target = progress?.releaseVersion ?? intent.spec.releaseVersion
  return (
    outdatedOf(snapshot)[0]?.releaseVersion ??
    roster.machines.find(({ releaseVersion }) => releaseVersion !== target)?.releaseVersion ??
    target
  )
}

function minorOfRelease(releaseVersion: string): string {
  return releaseVersion.split('.').slice(0, 2).join('.')
}

/** Those that somebody would look for come first, where not all can be shown. */
function shown(nodes: readonly NodeDraft[]): readonly NodeDraft[] {
  const isQuiet = ({ state, ready }: NodeDraft) => state === 'Joined' && ready
  const chosen = [...nodes]
    .sort((one, other) => Number(isQuiet(one)) - Number(isQuiet(other)))
    .slice(0, MOST_NODES_SHOWN)
  return chosen.sort((one, other) => (one.name < other.name ? -1 : 1))
}

function nodeStatus(snapshot: NodeGroupSnapshot, machine: RosterMachine): NodeDraft {
  const { name, zone, instanceType, releaseVersion } = machine
  const state = stateOf(snapshot, machine)
  const ready = isReady(snapshot, name)
  const message = messageOf(snapshot, machine, state)
  return { name, zone, instanceType, releaseVersion, state, ready, ...(message === undefined ? {} : { message }) }
}

function stateOf(
  { machines, nodes, pods }: NodeGroupSnapshot,
  { name, retiring, joined }: RosterMachine,
): NodeStatus['state'] {
  const machine = machines.get(name)
  if (retiring !== undefined) {
    const isRemoved = machine === undefined || machine.state === 'stopping'
    const isEmpty = pods.get(name)?.every(({ stays }) => stays) === true
    return isRemoved || isEmpty || !joined ? 'Removing' : 'Draining'
  }
  if (machine === undefined) {
    return 'Pending'
  }
  const isKnown = nodes.known ? nodes.byName.has(name) : joined
  return isKnown ? 'Joined' : 'Booting'
}

function messageOf(
  snapshot: NodeGroupSnapshot,
  { name }: RosterMachine,
  state: NodeStatus['state'],
): string | undefined {
  const refusal = snapshot.refusals.find(({ subject }) => subject === name)
  if (refusal !== undefined) {
    return refusal.message.slice(0, 1024)
  }
  if (state === 'Draining') {
    return drainObstacle(snapshot, name).slice(0, 1024)
  }
  const node = snapshot.nodes.known ? snapshot.nodes.byName.get(name) : undefined
  return node === undefined || node.ready ? undefined : node.message?.slice(0, 1024)
}

/** Issues with codes of EKS (`NodegroupIssueCode`), for what a person should know of. */
function healthIssues(snapshot: NodeGroupSnapshot): HealthIssue[] {
  const { outcome, refusals, obstacle, intent, nodes, roster } = snapshot
  if (outcome?.result === 'failed') {
    return [{ code: outcome.code, message: outcome.message, resourceIds: outcome.resourceIds }]
  }
  if (stageOf(snapshot) === 'CREATING') {
    return []
  }
  const issues: HealthIssue[] = []
  if (obstacle !== undefined) {
    issues.push({ code: 'NodeCreationFailure', message: obstacle.detail, resourceIds: [intent.spec.nodegroupName] })
  }
  for (const { code, step, message, subject } of refusals) {
    if (code === 'NoCapacity' || code === 'NoSpace') {
      const issue = step === 'ClaimAddresses' ? 'InsufficientFreeAddresses' : 'AsgInstanceLaunchFailures'
      issues.push({ code: issue, message, resourceIds: [subject] })
    }
  }
  for (const { name } of neverJoined(snapshot)) {
    issues.push({ code: 'NodeCreationFailure', message: neverJoinedText(snapshot, name), resourceIds: [name] })
  }
  if (!nodes.known && roster.machines.length > 0) {
    const message = "the cluster's API does not show its nodes: machines go on, and nothing is drained"
    issues.push({ code: 'ClusterUnreachable', message, resourceIds: [intent.spec.clusterName] })
  }
  for (const machine of roster.machines) {
    const { retiring, name } = machine
    const isLong = retiring !== undefined && snapshot.nowMs - Date.parse(retiring.at) >= DRAIN_DEADLINE_MS
    if (isLong && snapshot.machines.has(name)) {
      issues.push({ code: 'NodeTerminationFailure', message: `machine ${name} does not end`, resourceIds: [name] })
    }
  }
  return issues.slice(0, 64)
}
