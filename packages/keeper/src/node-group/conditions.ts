import type { ConditionDraft, Note } from '@evenkeel/kernel'
import { isReady } from './budget.ts'
import { isAsWanted } from './plan.ts'
import { outdatedOf } from './plan-roster.ts'
import { REASON } from './reasons.ts'
import { type NodeGroupSnapshot, stageOf } from './snapshot.ts'

/** Types of the conditions of a node group; the last one sums up whether it is what was asked for. */
export const CONDITION = {
  clusterAnswers: 'ClusterAnswers',
  nodesReady: 'NodesReady',
  nodesCurrent: 'NodesCurrent',
  nodeGroupReady: 'NodeGroupReady',
} as const

/** What is true of a node group as it was seen. Messages name nodes and reasons, never measurements. */
export function nodeGroupConditions(snapshot: NodeGroupSnapshot, notes: readonly Note[]): readonly ConditionDraft[] {
  const parts = [clusterAnswers(snapshot), nodesReady(snapshot), nodesCurrent(snapshot)]
  return [...parts, nodeGroupReady(snapshot, notes)]
}

function clusterAnswers({ nodes }: NodeGroupSnapshot): ConditionDraft {
  const type = CONDITION.clusterAnswers
  return nodes.known
    ? { type, status: 'True', reason: REASON.answers, message: "the cluster's API shows its nodes" }
    : {
        type,
        status: 'False',
        reason: REASON.noAnswer,
        message: "the cluster's API does not show its nodes: nothing is drained",
      }
}

function nodesReady(snapshot: NodeGroupSnapshot): ConditionDraft {
  const type = CONDITION.nodesReady
  const { roster, nodes } = snapshot
  if (!nodes.known) {
    return { type, status: 'Unknown', reason: REASON.noAnswer, message: 'nobody can be asked' }
  }
  const staying = roster.machines.filter(({ retiring }) => retiring === undefined)
  const away = staying.filter(({ name }) => !isReady(snapshot, name)).map(({ name }) => name)
  if (away.length === 0) {
    return staying.length === 0
      ? { type, status: 'True', reason: REASON.noneWanted, message: 'there are no nodes' }
      : { type, status: 'True', reason: REASON.allReady, message: 'all nodes are Ready' }
  }
  const reason = away.length === staying.length ? REASON.noneReady : REASON.someNotReady
  return { type, status: 'False', reason, message: `not Ready: ${away.join(', ')}` }
}

function nodesCurrent(snapshot: NodeGroupSnapshot): ConditionDraft {
  const type = CONDITION.nodesCurrent
  const { progress } = snapshot
  const behind = outdatedOf(snapshot).map(({ name }) => name)
  if (progress?.failed !== undefined) {
    return {
      type,
      status: 'False',
      reason: REASON.updateFailed,
      message: `${progress.failed.code}: ${progress.failed.message}`,
    }
  }
  return behind.length === 0
    ? {
        type,
        status: 'True',
        reason: REASON.current,
        message: `all nodes are of ${progress?.releaseVersion ?? 'one release'}`,
      }
    : {
        type,
        status: 'False',
        reason: REASON.behind,
        message: `not of ${progress?.releaseVersion}: ${behind.join(', ')}`,
      }
}

function nodeGroupReady(snapshot: NodeGroupSnapshot, notes: readonly Note[]): ConditionDraft {
  const type = CONDITION.nodeGroupReady
  const { outcome, intent, progress } = snapshot
  const said = notes.filter((note) => note.kind !== 'did').map((note) => note.detail)
  const message = said.join('; ')
  switch (stageOf(snapshot)) {
    case 'DELETING':
      return { type, status: 'False', reason: REASON.deleting, message }
    case 'CREATE_FAILED': {
      const why = outcome?.result === 'failed' ? outcome.message : ''
      return { type, status: 'False', reason: REASON.createFailed, message: why }
    }
    case 'CREATING':
      return { type, status: 'False', reason: REASON.creating, message }
    case 'KEEPING':
      if (progress?.settledGeneration !== intent.generation) {
        return { type, status: 'False', reason: REASON.updating, message }
      }
      return isAsWanted(snapshot)
        ? { type, status: 'True', reason: REASON.asWanted, message: 'the nodes are what was asked for' }
        : { type, status: 'False', reason: REASON.someNotReady, message }
  }
}
