import { formatTime, type Plan, type Reconciler } from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'
import { applyStep } from './apply.ts'
import { controlPlaneConditions } from './conditions.ts'
import { ControlPlaneMemory } from './memory.ts'
import { observeControlPlane } from './observe.ts'
import { planControlPlane } from './plan.ts'
import type { ControlPlanePorts } from './ports.ts'
import type { ControlPlaneSnapshot } from './snapshot.ts'
import { controlPlaneStatus, type StatusDraft } from './status.ts'
import { type Step, subjectOf } from './steps.ts'

/** What one turn has found, for whoever tells people. */
export interface ControlPlaneReport {
  readonly snapshot: ControlPlaneSnapshot
  readonly plan: Plan<Step>
  readonly status: StatusDraft
}

export type ControlPlaneReconciler = Reconciler<ClusterId, ControlPlaneSnapshot, Step>

/** Keeps control planes, hosted ones and the home alike. `tell` is to return at once. */
export function controlPlaneReconciler(
  ports: ControlPlanePorts,
  tell: (report: ControlPlaneReport) => void = () => {},
): ControlPlaneReconciler {
  const memory = new ControlPlaneMemory()
  return {
    name: 'control-plane',
    observe: (id) => observeControlPlane(id, ports, memory),
    plan: planControlPlane,
    conditions: (snapshot, notes) =>
      controlPlaneConditions(snapshot, notes).map((draft) => ({
        ...draft,
        lastTransitionTime: formatTime(snapshot.nowMs),
      })),
    apply: (step) => applyStep(step, ports, memory),
    group: groupOf,
    subject: subjectOf,
    report: async (_id, snapshot, plan) => {
      tell({ snapshot, plan, status: controlPlaneStatus(snapshot, controlPlaneConditions(snapshot, plan.notes)) })
    },
  }
}

/** Steps of one group do not depend on each other: programs all start at once, and all end at once. */
function groupOf(step: Step): string {
  switch (step.kind) {
    case 'RecordRelease':
    case 'AddKeys':
    case 'ClaimNetwork':
      return 'facts'
    case 'EnsureInstance':
    case 'EnsureEndpoint':
      return 'start'
    case 'StopInstance':
    case 'RemoveInstance':
    case 'RemoveMachine':
    case 'RemoveEndpoint':
      return 'end'
    case 'RemoveVolumes':
    case 'ReleaseNetwork':
      return 'give-back'
    default:
      return step.kind
  }
}
