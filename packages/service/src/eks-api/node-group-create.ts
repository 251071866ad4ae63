import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import { API_VERSION, type Cluster, NODE_GROUPS, type NodeGroup } from '@evenkeel/contract/kinds'
import { isAlreadyExists } from '@evenkeel/kernel'
import type { EksCall } from '../http/index.ts'
import { findCluster } from './cluster-find.ts'
import { phaseOf } from './cluster-view.ts'
import { type EksContext, impersonation } from './context.ts'
import { atHome } from './home-fault.ts'
import { namesOf, nodeGroupPlace, nodeGroupsOf, readNodeGroup } from './node-group-find.ts'
import { nodeGroupView } from './node-group-view.ts'
import { readNodeGroupWish } from './node-group-wish.ts'
import { requestDigest } from './request-digest.ts'

/**
 * Accepts a node group: from the answer on, the object at the home is the promise, and keepers make it so. Its name is
 * derived from those of cluster and node group, so that two calls at once for one name cannot both be accepted.
 */
export async function createNodegroup(
  context: EksContext,
  call: EksCall<Eks.CreateNodegroupRequest>,
): Promise<Eks.CreateNodegroupResponse> {
  const { caller, input, operation } = call
  const names = namesOf(input)
  const cluster = await findCluster(context, call, names.clusterName)
  const spec = { ...readNodeGroupWish(context, cluster, input), requestDigest: requestDigest(input) }
  refuseUsedToken(context, call)
  const { name: owner, uid = '' } = cluster.metadata
  const wished: NodeGroup = {
    apiVersion: API_VERSION,
    kind: 'NodeGroup',
    metadata: {
      ...nodeGroupPlace(caller, names),
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'Cluster', name: owner, uid }],
    },
    spec,
  }
  const deed = `make the node group "${names.nodegroupName}" of cluster "${names.clusterName}"`
  const accepted = await atHome({ operation, ...names, deed }, () => makeOrFind(context, call, { cluster, wished }))
  context.nodeGroups.remember(accepted)
  return { nodegroup: nodeGroupView(accepted, context, caller) }
}

async function makeOrFind(
  context: EksContext,
  call: EksCall<Eks.CreateNodegroupRequest>,
  { cluster, wished }: { readonly cluster: Cluster; readonly wished: NodeGroup },
): Promise<NodeGroup> {
  const { name = '', namespace = '' } = wished.metadata
  // What is there was accepted when the cluster could have it: the same call is answered the same, come what may.
  const known = context.nodeGroups.get(namespace, name)
  if (known !== undefined) return firstAnswer(known, wished)
  refuseImpossible(cluster)
  try {
    const made = await context.client.create(NODE_GROUPS, wished, { impersonate: impersonation(call.caller) })
    const { version, releaseVersion, nodegroupName } = made.spec
    call.log.info({ uid: made.metadata.uid, nodegroupName, version, releaseVersion }, 'node group accepted')
    return made
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    return firstAnswer(await readNodeGroup(context, call, namesOf(wished.spec)), wished)
  }
}

/** Throws EksFault where the cluster cannot have nodes, or not now. */
function refuseImpossible(cluster: Cluster): void {
  const clusterName = cluster.spec.eksName
  const phase = phaseOf(cluster)
  if (phase !== 'ACTIVE') {
    throw new EksFault('InvalidRequestException', `Cluster '${clusterName}' is not in ACTIVE status: it is ${phase}.`, {
      context: { clusterName },
    })
  }
  const network = cluster.status?.network
  if (network === 'private' || network === 'simulated') return
  throw new EksFault(
    'InvalidRequestException',
    `The cluster "${clusterName}" has no network of its own that nodes could live in (its network is ` +
      `${network ?? 'not known yet'}): it was made by an Evenkeel that did not run as root, or by an older one. ` +
      'Run Evenkeel as root, and make a new cluster; or try node groups with ./evenkeel up --simulated.',
    { context: { clusterName } },
  )
}

/** What the same call was answered with before. Throws EksFault where the node group that is there is not of this call. */
function firstAnswer(existing: NodeGroup, wished: NodeGroup): NodeGroup {
  const { clusterName, nodegroupName, clientRequestToken, requestDigest: asked } = wished.spec
  const isSameToken = clientRequestToken !== undefined && existing.spec.clientRequestToken === clientRequestToken
  if (!isSameToken || existing.metadata.deletionTimestamp !== undefined) {
    throw new EksFault(
      'ResourceInUseException',
      `NodeGroup already exists with name ${nodegroupName} and cluster name ${clusterName}`,
      { context: { clusterName, nodegroupName } },
    )
  }
  if (existing.spec.requestDigest !== asked) throw tokenFault(clientRequestToken, { clusterName, nodegroupName })
  return existing
}

/** A token stands for one call: with another name it is another call. */
function refuseUsedToken(context: EksContext, { caller, input }: EksCall<Eks.CreateNodegroupRequest>): void {
  const { clientRequestToken } = input
  if (clientRequestToken === undefined) return
  const names = namesOf(input)
  const isUsed = nodeGroupsOf(context, caller, names.clusterName).some(
    ({ spec }) => spec.clientRequestToken === clientRequestToken && spec.nodegroupName !== names.nodegroupName,
  )
  if (isUsed) throw tokenFault(clientRequestToken, names)
}

function tokenFault(
  token: string,
  context: { readonly clusterName: string; readonly nodegroupName: string },
): EksFault {
  return new EksFault(
    'InvalidParameterException',
    `clientRequestToken ${JSON.stringify(token)} was used before with other parameters: use a new one for a new request.`,
    { context },
  )
}
