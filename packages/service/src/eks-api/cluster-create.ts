import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import { API_VERSION, accountNamespace, CLUSTERS, type Cluster } from '@evenkeel/contract/kinds'
import { isAlreadyExists, keyOfName, objectKey, splitKey } from '@evenkeel/kernel'
import type { EksCall } from '../http/index.ts'
import { readCluster } from './cluster-find.ts'
import { clusterView } from './cluster-view.ts'
import { readClusterWish } from './cluster-wish.ts'
import { clusterPlace, type EksContext, impersonation } from './context.ts'
import { atHome } from './home-fault.ts'
import { requestDigest } from './request-digest.ts'

/**
 * Accepts a cluster: from the answer on, the object at the home is the promise, and keepers make it so. Its name is
 * derived from the EKS name, so that two calls at once for one name cannot both be accepted.
 */
export async function createCluster(
  context: EksContext,
  call: EksCall<Eks.CreateClusterRequest>,
): Promise<Eks.CreateClusterResponse> {
  const { caller, input } = call
  const spec = { ...readClusterWish(context, input), requestDigest: requestDigest(input) }
  const place = clusterPlace(caller, spec.eksName)
  refuseUsedToken(context, call)
  const wished: Cluster = { apiVersion: API_VERSION, kind: 'Cluster', metadata: place, spec }
  const deed = { operation: call.operation, clusterName: spec.eksName, deed: `make the cluster "${spec.eksName}"` }
  const release = reserve(context, call, keyOfName(place.namespace, place.name))
  try {
    const accepted = await atHome(deed, () => makeOrFind(context, call, wished))
    context.clusters.remember(accepted)
    return { cluster: clusterView(accepted, context, caller) }
  } finally {
    release()
  }
}

async function makeOrFind(
  context: EksContext,
  call: EksCall<Eks.CreateClusterRequest>,
  wished: Cluster,
): Promise<Cluster> {
  const { eksName, version } = wished.spec
  try {
    const made = await context.client.create(CLUSTERS, wished, { impersonate: impersonation(call.caller) })
    call.log.info({ uid: made.metadata.uid, version }, 'cluster accepted')
    return made
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    return firstAnswer(await readCluster(context, call, eksName), wished)
  }
}

/** What the same call was answered with before. Throws EksFault where the cluster that is there is not of this call. */
function firstAnswer(existing: Cluster, wished: Cluster): Cluster {
  const { eksName, clientRequestToken, requestDigest: asked } = wished.spec
  const context = { clusterName: eksName }
  const isSameToken = clientRequestToken !== undefined && existing.spec.clientRequestToken === clientRequestToken
  if (!isSameToken || existing.metadata.deletionTimestamp !== undefined) {
    throw new EksFault('ResourceInUseException', `Cluster already exists with name: ${eksName}`, { context })
  }
  if (existing.spec.requestDigest !== asked) throw tokenFault(clientRequestToken, eksName)
  return existing
}

/** A token stands for one call: with another name it is another call. */
function refuseUsedToken(context: EksContext, { caller, input }: EksCall<Eks.CreateClusterRequest>): void {
  const { name = '', clientRequestToken } = input
  if (clientRequestToken === undefined) return
  const others = context.clusters.list(accountNamespace(caller.accountId))
  const isUsed = others.some(({ spec }) => spec.clientRequestToken === clientRequestToken && spec.eksName !== name)
  if (isUsed) throw tokenFault(clientRequestToken, name)
}

function tokenFault(token: string, clusterName: string): EksFault {
  return new EksFault(
    'InvalidParameterException',
    `clientRequestToken ${JSON.stringify(token)} was used before with other parameters: use a new one for a new request.`,
    { context: { clusterName } },
  )
}

/** Takes a place within the account's quota until the cluster shows in the view; answers how to give it back. */
function reserve(context: EksContext, { caller, input }: EksCall<Eks.CreateClusterRequest>, key: string): () => void {
  const { clusters, creating, clusterQuota } = context
  const namespace = accountNamespace(caller.accountId)
  const taken = new Set(clusters.list(namespace).map(objectKey))
  for (const other of creating) if (splitKey(other).namespace === namespace) taken.add(other)
  if (!taken.has(key) && taken.size >= clusterQuota) {
    throw new EksFault(
      'ResourceLimitExceededException',
      `Account ${caller.accountId} has ${taken.size} clusters, and ${clusterQuota} is its limit: ` +
        'delete one, or start Evenkeel again with a higher EVENKEEL_CLUSTER_QUOTA.',
      input.name === undefined ? {} : { context: { clusterName: input.name } },
    )
  }
  creating.add(key)
  return () => creating.delete(key)
}
