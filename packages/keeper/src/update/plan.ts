import type { ClusterSpec, Update, UpdateStatus } from '@evenkeel/contract/kinds'
import type { Plan } from '@evenkeel/kernel'

export interface UpdateSnapshot {
  readonly nowMs: number
  readonly update: Update
  /** What is accepted for the update's cluster; absent while nothing is. */
  readonly acceptedSpec: ClusterSpec | undefined
}

export type UpdateStep = {
  readonly kind: 'SetPhase'
  readonly object: { readonly namespace: string; readonly name: string }
  readonly phase: 'Successful' | 'Cancelled' | 'Failed'
  readonly errors?: NonNullable<UpdateStatus['errors']>
}

/** How long accepted intent may differ from an update before somebody else must have changed it. */
export const OVERTAKEN_AFTER_MS = 60_000
export const LOOK_AGAIN_MS = 500

/** Types that need nothing but to be accepted, and what they want. */
const WISHES: Readonly<Record<string, (spec: ClusterSpec) => string>> = {
  DeletionProtectionUpdate: ({ deletionProtection = false }) => `${deletionProtection}`,
  UpgradePolicyUpdate: ({ upgradePolicy }) => upgradePolicy?.supportType ?? 'EXTENDED',
}

/** Pure. */
export function planUpdate({ update, acceptedSpec, nowMs }: UpdateSnapshot): Plan<UpdateStep> {
  const accepted = WISHES[update.spec.type]
  const phase = update.status?.phase ?? 'InProgress'
  if (accepted === undefined || phase !== 'InProgress') {
    return { steps: [], notes: [] }
  }
  const { namespace = '', name, creationTimestamp = '' } = update.metadata
  const object = { namespace, name }
  if (acceptedSpec !== undefined && update.spec.params.every(({ value }) => wish(value) === accepted(acceptedSpec))) {
    return { steps: [{ kind: 'SetPhase', object, phase: 'Successful' }], notes: [] }
  }
  if (nowMs - Date.parse(creationTimestamp) > OVERTAKEN_AFTER_MS) {
    return { steps: [{ kind: 'SetPhase', object, phase: 'Cancelled' }], notes: [] }
  }
  const detail = `update ${name} waits until its change of cluster ${update.spec.clusterName} is accepted`
  return { steps: [], notes: [{ kind: 'waiting', reason: 'NotAccepted', detail }], wakeAfterMs: LOOK_AGAIN_MS }
}

/** The value of a param: `true`, `STANDARD`, or `{"supportType":"STANDARD"}`. */
function wish(value: string): string {
  return /"supportType":"([A-Z]+)"/.exec(value)?.[1] ?? value
}
