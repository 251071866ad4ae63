import { type ClusterAction, clusterActionAnswer, EksFault } from '@evenkeel/contract/eks'
import type { Cluster } from '@evenkeel/contract/kinds'
import { phaseOf } from './cluster-view.ts'

/** Throws EksFault where the cluster's phase does not allow the action. */
export function requireAllowed(action: ClusterAction, cluster: Cluster): void {
  const answer = clusterActionAnswer(action, phaseOf(cluster))
  if (answer === 'allowed') return
  const clusterName = cluster.spec.eksName
  throw new EksFault(answer.fault, `The cluster "${clusterName}" ${answer.reason}.`, { context: { clusterName } })
}
