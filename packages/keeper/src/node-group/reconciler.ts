import { formatTime, type Plan, type Reconciler } from '@evenkeel/kernel'
import { applyGroupStep } from './apply.ts'
import { nodeGroupConditions } from './conditions.ts'
import { NodeGroupMemory } from './memory.ts'
import { type NodeGroupKey, observeNodeGroup } from './observe.ts'
import { planNodeGroup } from './plan.ts'
import type { NodeGroupPorts } from './ports.ts'
import type { NodeGroupSnapshot } from './snapshot.ts'
import { type NodeGroupStatusDraft, nodeGroupStatus } from './status.ts'
import { type GroupStep, subjectOf } from './steps.ts'

/** What one turn has found, for whoever tells people. */
export interface NodeGroupReport {
  readonly snapshot: NodeGroupSnapshot
  readonly plan: Plan<GroupStep>
  readonly status: NodeGroupStatusDraft
}

export type NodeGroupReconciler = Reconciler<NodeGroupKey, NodeGroupSnapshot, GroupStep>

/** Keeps managed node groups. `tell` is to return at once. */
export function nodeGroupReconciler(
  ports: NodeGroupPorts,
  tell: (report: NodeGroupReport) => void = () => {},
): NodeGroupReconciler {
  const memory = new NodeGroupMemory()
  return {
    name: 'node-group',
    observe: (key) => observeNodeGroup(key, ports, memory),
    plan: planNodeGroup,
    conditions: (snapshot, notes) =>
      nodeGroupConditions(snapshot, notes).map((draft) => ({
        ...draft,
        lastTransitionTime: formatTime(snapshot.nowMs),
      })),
    apply: (step) => applyGroupStep(step, ports, memory),
    group: groupOf,
    subject: subjectOf,
    report: async (_key, snapshot, plan) => {
      tell({ snapshot, plan, status: nodeGroupStatus(snapshot, nodeGroupConditions(snapshot, plan.notes)) })
    },
  }
}

/** Steps of one group do not depend on each other. The roster has one writer at a time. */
function groupOf(step: GroupStep): string {
  switch (step.kind) {
    case 'EnsureMachine':
      return 'make'
    case 'PatchNode':
    case 'EvictPod':
    case 'RemoveMachine':
    case 'DeleteNode':
      return 'leave'
    case 'StrikeMachine':
      return `strike ${step.machine}`
    default:
      return step.kind
  }
}
