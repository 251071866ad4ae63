import { DescribeNodegroupCommand, type EKSClient, type Nodegroup, paginateListNodegroups } from '@aws-sdk/client-eks'
import { NODE_GROUPS, type NodeGroup, type NodeStatus, nodeGroupObjectName } from '@evenkeel/contract/kinds'
import { isNotFound, isUnavailable, type KubeClient } from '@evenkeel/kernel'
import { isEksError } from '../cluster/index.ts'

/** Where the object of a node group is in the home. */
export interface NodeGroupPlace {
  readonly home: KubeClient
  readonly namespace: string
  /** EKS names. */
  readonly clusterName: string
  readonly name: string
  readonly signal?: AbortSignal
}

const TIMEOUT_MS = 2000

/** The node group as the home has it; `unknown` while the home does not answer. */
export async function lookAtNodeGroup(place: NodeGroupPlace): Promise<NodeGroup | 'absent' | 'unknown'> {
  const { home, namespace, clusterName, name, signal } = place
  try {
    const options = { namespace, name: nodeGroupObjectName(clusterName, name), timeoutMs: TIMEOUT_MS }
    return await home.get<NodeGroup>(NODE_GROUPS, signal === undefined ? options : { ...options, signal })
  } catch (error) {
    if (isNotFound(error)) return 'absent'
    if (isUnavailable(error) && signal?.aborted !== true) return 'unknown'
    throw error
  }
}

/** What the EKS API does not show; undefined where the home does not answer. */
export async function nodesOf(place: NodeGroupPlace): Promise<readonly NodeStatus[] | undefined> {
  const group = await lookAtNodeGroup(place)
  if (group === 'unknown') return undefined
  return group === 'absent' ? [] : (group.status?.nodes ?? [])
}

/** Every node group of a cluster, as DescribeNodegroup has it, by name. */
export async function describeNodeGroups(eks: EKSClient, clusterName: string): Promise<Nodegroup[]> {
  const names: string[] = []
  for await (const page of paginateListNodegroups({ client: eks, pageSize: 100 }, { clusterName })) {
    names.push(...(page.nodegroups ?? []))
  }
  const groups: Nodegroup[] = []
  for (const nodegroupName of names) {
    try {
      const { nodegroup } = await eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }))
      if (nodegroup !== undefined) groups.push(nodegroup)
    } catch (error) {
      // Deleted between the two calls.
      if (!isEksError(error, 'ResourceNotFoundException')) throw error
    }
  }
  return groups
}
