import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import type { EksCall } from '../http/index.ts'
import { findCluster } from './cluster-find.ts'
import type { EksContext } from './context.ts'
import { pageOf } from './page.ts'
import { updatesOf, updateView } from './update-view.ts'

/** Newest first. */
export async function listUpdates(
  context: EksContext,
  call: EksCall<Eks.ListUpdatesRequest>,
): Promise<Eks.ListUpdatesResponse> {
  const cluster = await findCluster(context, call, call.input.name ?? '')
  refuseOtherOwners(call.input)
  const { items, nextToken } = pageOf(call, updatesOf(context, cluster), {
    keyOf: ({ metadata }) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`,
    descending: true,
  })
  return { updateIds: items.map((update) => update.metadata.name), nextToken }
}

export async function describeUpdate(
  context: EksContext,
  call: EksCall<Eks.DescribeUpdateRequest>,
): Promise<Eks.DescribeUpdateResponse> {
  const { name = '', updateId = '' } = call.input
  const cluster = await findCluster(context, call, name)
  refuseOtherOwners(call.input)
  const update = updatesOf(context, cluster).find(({ metadata }) => metadata.name === updateId)
  if (update === undefined) {
    throw new EksFault('ResourceNotFoundException', `No update found for ID: ${updateId}`, {
      context: { clusterName: name },
    })
  }
  return { update: updateView(update) }
}

/** Clusters have no node groups, add-ons or capabilities yet, so nobody's updates are those of one. */
function refuseOtherOwners(input: Eks.ListUpdatesRequest | Eks.DescribeUpdateRequest): void {
  const { name = '', nodegroupName, addonName, capabilityName } = input
  const owners = { 'node group': nodegroupName, 'add-on': addonName, capability: capabilityName }
  for (const [kind, owner] of Object.entries(owners)) {
    if (owner !== undefined) {
      throw new EksFault('ResourceNotFoundException', `No ${kind} found for name: ${owner}.`, {
        context: { clusterName: name },
      })
    }
  }
}
