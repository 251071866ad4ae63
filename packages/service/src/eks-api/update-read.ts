import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import type { EksCall } from '../http/index.ts'
import { findCluster } from './cluster-find.ts'
import type { EksContext } from './context.ts'
import { findNodeGroup } from './node-group-find.ts'
import { pageOf } from './page.ts'
import { eksNamesOf, type Updatable } from './updatable.ts'
import { updatesOf, updateView } from './update-view.ts'

/** Newest first. */
export async function listUpdates(
  context: EksContext,
  call: EksCall<Eks.ListUpdatesRequest>,
): Promise<Eks.ListUpdatesResponse> {
  const owner = await findOwner(context, call, call.input)
  const { items, nextToken } = pageOf(call, updatesOf(context, owner), {
    keyOf: ({ metadata }) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`,
    descending: true,
  })
  return { updateIds: items.map((update) => update.metadata.name), nextToken }
}

export async function describeUpdate(
  context: EksContext,
  call: EksCall<Eks.DescribeUpdateRequest>,
): Promise<Eks.DescribeUpdateResponse> {
  const { updateId = '' } = call.input
  const owner = await findOwner(context, call, call.input)
  const update = updatesOf(context, owner).find(({ metadata }) => metadata.name === updateId)
  if (update === undefined) {
    throw new EksFault('ResourceNotFoundException', `No update found for ID: ${updateId}`, {
      context: eksNamesOf(owner),
    })
  }
  return { update: updateView(update) }
}

/** Whose updates are asked for: those of the cluster, unless a node group of it is named. */
async function findOwner(
  context: EksContext,
  call: EksCall<unknown>,
  input: Eks.ListUpdatesRequest | Eks.DescribeUpdateRequest,
): Promise<Updatable> {
  const { name = '', nodegroupName, addonName, capabilityName } = input
  const cluster = await findCluster(context, call, name)
  // Clusters have no add-ons or capabilities yet, so nobody's updates are those of one.
  for (const [kind, owner] of Object.entries({ 'add-on': addonName, capability: capabilityName })) {
    if (owner !== undefined) {
      throw new EksFault('ResourceNotFoundException', `No ${kind} found for name: ${owner}.`, {
        context: { clusterName: name },
      })
    }
  }
  return nodegroupName === undefined
    ? cluster
    : await findNodeGroup(context, call, { clusterName: name, nodegroupName })
}
