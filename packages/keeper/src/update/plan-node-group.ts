import type { Update } from '@evenkeel/contract/kinds'
import type { Plan } from '@evenkeel/kernel'
import type { NodeGroupIntent } from '../intent/index.ts'
import type { NodeGroupProgress } from '../node-group/index.ts'
import { LOOK_AGAIN_MS, OVERTAKEN_AFTER_MS, type UpdateStep } from './plan.ts'

/** An update of a node group beside what is on record for the group. */
export interface NodeGroupUpdateSnapshot {
  readonly nowMs: number
  readonly update: Update
  /** Absent while the group is not accepted. */
  readonly intent: NodeGroupIntent | undefined
  readonly progress: NodeGroupProgress | undefined
}

/** It ends when the nodes are what it has asked for, or have failed to become so. Pure. */
export function planNodeGroupUpdate(snapshot: NodeGroupUpdateSnapshot): Plan<UpdateStep> {
  const { update, intent, progress, nowMs } = snapshot
  const { namespace = '', name, creationTimestamp = '' } = update.metadata
  const object = { namespace, name }
  if ((update.status?.phase ?? 'InProgress') !== 'InProgress') {
    return { steps: [], notes: [] }
  }
  const waits = (detail: string): Plan<UpdateStep> => ({
    steps: [],
    notes: [{ kind: 'waiting', reason: 'NotDone', detail }],
    wakeAfterMs: LOOK_AGAIN_MS,
  })
  const { lastConfigUpdate, lastVersionUpdate } = intent?.spec ?? {}
  if (intent === undefined || (lastConfigUpdate?.id !== name && lastVersionUpdate?.id !== name)) {
    return nowMs - Date.parse(creationTimestamp) > OVERTAKEN_AFTER_MS
      ? { steps: [{ kind: 'SetPhase', object, phase: 'Cancelled' }], notes: [] }
      : waits(`update ${name} waits until its change of node group ${update.spec.nodegroupName} is accepted`)
  }
  if (progress?.failed !== undefined && progress.failed.updateId === name) {
    const { code, message, resourceIds } = progress.failed
    const errors = [{ errorCode: code, errorMessage: message, resourceIds }]
    return { steps: [{ kind: 'SetPhase', object, phase: 'Failed', errors }], notes: [] }
  }
  return progress?.settledGeneration === intent.generation
    ? { steps: [{ kind: 'SetPhase', object, phase: 'Successful' }], notes: [] }
    : waits(`update ${name} waits until the nodes are what it has asked for`)
}
