import { CLUSTERS, type Cluster, NODE_GROUPS, type NodeGroup } from '@evenkeel/contract/kinds'
import type { ResourceRef } from '@evenkeel/kernel'

/** What EKS's updates change. */
export type Updatable = Cluster | NodeGroup

export function isNodeGroup(owner: Updatable): owner is NodeGroup {
  return 'nodegroupName' in owner.spec
}

export function resourceOf(owner: Updatable): ResourceRef {
  return isNodeGroup(owner) ? NODE_GROUPS : CLUSTERS
}

/** What tells EKS whose an update is, and callers whose a fault is. */
export function eksNamesOf(owner: Updatable): { readonly clusterName: string; readonly nodegroupName?: string } {
  const { spec } = owner
  return 'nodegroupName' in spec
    ? { clusterName: spec.clusterName, nodegroupName: spec.nodegroupName }
    : { clusterName: spec.eksName }
}

/** As the subject of a sentence: `The cluster "web"`, `The node group "small" of cluster "web"`. */
export function subjectOf(owner: Updatable): string {
  const { clusterName, nodegroupName } = eksNamesOf(owner)
  return nodegroupName === undefined
    ? `The cluster "${clusterName}"`
    : `The node group "${nodegroupName}" of cluster "${clusterName}"`
}
