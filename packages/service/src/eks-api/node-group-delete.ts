import type * as Eks from '@aws-sdk/client-eks'
import { NODE_GROUPS, type NodeGroup } from '@evenkeel/contract/kinds'
import { isNotFound, resourcePath } from '@evenkeel/kernel'
import type { EksCall } from '../http/index.ts'
import { type EksContext, impersonation } from './context.ts'
import { atHome } from './home-fault.ts'
import { findNodeGroup, namesOf } from './node-group-find.ts'
import { nodeGroupView } from './node-group-view.ts'

/**
 * Asks for the deletion of a node group, in any phase; it is DELETING from then on, until its keeper has drained its
 * nodes and removed their machines. Deleting it again meanwhile answers the same.
 */
export async function deleteNodegroup(
  context: EksContext,
  call: EksCall<Eks.DeleteNodegroupRequest>,
): Promise<Eks.DeleteNodegroupResponse> {
  const { operation, caller, input } = call
  const names = namesOf(input)
  const group = await findNodeGroup(context, call, names)
  const view = nodeGroupView(group, context, caller)
  if (group.metadata.deletionTimestamp !== undefined) return { nodegroup: view }
  const deed = `delete the node group "${names.nodegroupName}" of cluster "${names.clusterName}"`
  await atHome({ operation, ...names, deed }, () => markDeleted(context, call, group))
  return { nodegroup: { ...view, status: 'DELETING' } }
}

async function markDeleted(
  { client, nodeGroups }: EksContext,
  call: EksCall<unknown>,
  group: NodeGroup,
): Promise<void> {
  const { name, namespace, uid } = group.metadata
  try {
    const answer = await client.request(resourcePath(NODE_GROUPS, { namespace, name }), {
      method: 'DELETE',
      // Not one that was made again under its name since it was looked at.
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } },
      impersonate: impersonation(call.caller),
    })
    call.log.info({ uid, nodegroupName: group.spec.nodegroupName }, 'deletion accepted')
    // Held by its finalizer, it is answered as it is now; one without is gone at once, and answered by a Status.
    const { kind, metadata } = answer as Partial<NodeGroup>
    if (kind === 'NodeGroup' && metadata?.deletionTimestamp !== undefined) nodeGroups.remember(answer as NodeGroup)
    else nodeGroups.rememberGone(group)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
