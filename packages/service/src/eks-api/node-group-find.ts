import { declaredFault, EksFault } from '@evenkeel/contract/eks'
import { accountNamespace, NODE_GROUPS, type NodeGroup, nodeGroupObjectName } from '@evenkeel/contract/kinds'
import { isNotFound } from '@evenkeel/kernel'
import type { Caller, EksCall } from '../http/index.ts'
import { findCluster } from './cluster-find.ts'
import { type EksContext, impersonation } from './context.ts'
import { homeFault } from './home-fault.ts'

export interface NodeGroupNames {
  readonly clusterName: string
  readonly nodegroupName: string
}

/** What calls about one node group name it by. */
export function namesOf(input: {
  readonly clusterName?: string | undefined
  readonly nodegroupName?: string | undefined
}): NodeGroupNames {
  return { clusterName: input.clusterName ?? '', nodegroupName: input.nodegroupName ?? '' }
}

/** Where a node group of the caller's account is in the home. */
export function nodeGroupPlace(caller: Caller, { clusterName, nodegroupName }: NodeGroupNames) {
  return { namespace: accountNamespace(caller.accountId), name: nodeGroupObjectName(clusterName, nodegroupName) }
}

/**
 * The node group of these EKS names in the caller's account, from what is known; where it is not known, the home is
 * asked. Throws EksFault as `findCluster` does, for the cluster where that is what there is not.
 */
export async function findNodeGroup(
  context: EksContext,
  call: EksCall<unknown>,
  names: NodeGroupNames,
): Promise<NodeGroup> {
  await findCluster(context, call, names.clusterName)
  const { namespace, name } = nodeGroupPlace(call.caller, names)
  return context.nodeGroups.get(namespace, name) ?? (await readNodeGroup(context, call, names))
}

/** The node group as the home has it now. */
export async function readNodeGroup(
  context: EksContext,
  { operation, caller }: EksCall<unknown>,
  names: NodeGroupNames,
): Promise<NodeGroup> {
  const { clusterName, nodegroupName } = names
  try {
    const group = await context.client.get<NodeGroup>(NODE_GROUPS, {
      ...nodeGroupPlace(caller, names),
      impersonate: impersonation(caller),
    })
    context.nodeGroups.remember(group)
    return group
  } catch (error) {
    if (isNotFound(error)) {
      throw new EksFault(
        declaredFault(operation, 'ResourceNotFoundException', 'NotFoundException', 'ResourceNotFoundException'),
        `No node group found for name: ${nodegroupName}.`,
        { context: names, cause: error },
      )
    }
    const deed = `tell whether there is a node group "${nodegroupName}" of cluster "${clusterName}"`
    throw homeFault(error, { operation, ...names, deed })
  }
}

/** All node groups of a cluster, those that were made directly at the home too. */
export function nodeGroupsOf(context: Pick<EksContext, 'nodeGroups'>, caller: Caller, clusterName: string) {
  return (
    context.nodeGroups
      .list(accountNamespace(caller.accountId))
      .filter(({ spec }) => spec.clusterName === clusterName)
      // Whoever owns the home can make an object by another name; no other call would find what it claims to be.
      .filter(({ metadata, spec }) => metadata.name === nodeGroupObjectName(clusterName, spec.nodegroupName))
  )
}
