import type * as Eks from '@aws-sdk/client-eks'
import { EksFault, isProtectedPhase } from '@evenkeel/contract/eks'
import { CLUSTERS, type Cluster, NODE_GROUPS, type NodeGroup } from '@evenkeel/contract/kinds'
import { isConflict, isForbidden, isNotFound, resourcePath } from '@evenkeel/kernel'
import type { EksCall } from '../http/index.ts'
import { requireAllowed } from './cluster-action.ts'
import { findCluster, readCluster } from './cluster-find.ts'
import { clusterView, phaseOf } from './cluster-view.ts'
import { type EksContext, impersonation } from './context.ts'
import { atHome } from './home-fault.ts'

/** A cluster that others keep changing (its status, while it starts) is looked at anew so often. */
const MOST_ATTEMPTS = 5
/** Of node groups that a refusal names. */
const MOST_NAMES = 10

/**
 * Asks for the deletion of a cluster; it is DELETING from then on, until its keeper has taken everything down. Deleting
 * it again meanwhile answers the same.
 */
export async function deleteCluster(
  context: EksContext,
  call: EksCall<Eks.DeleteClusterRequest>,
): Promise<Eks.DeleteClusterResponse> {
  const { operation, caller, input } = call
  const clusterName = input.name ?? ''
  const deed = { operation, clusterName, deed: `delete the cluster "${clusterName}"` }
  let cluster = await findCluster(context, call, clusterName)
  for (let attempt = 1; cluster.metadata.deletionTimestamp === undefined; attempt += 1) {
    requireAllowed('DeleteCluster', cluster)
    refuseProtected(cluster)
    const looked = cluster
    await atHome(deed, () => refuseWithNodeGroups(context, looked))
    const isDeleted = await atHome(deed, () =>
      markDeleted(context, call, { cluster: looked, isLast: attempt === MOST_ATTEMPTS }),
    )
    if (isDeleted) break
    cluster = await readCluster(context, call, clusterName)
  }
  return { cluster: { ...clusterView(cluster, context, caller), status: 'DELETING' } }
}

/** False when the cluster has changed since and must be looked at again: it may be protected by now. */
async function markDeleted(
  { client, clusters }: EksContext,
  call: EksCall<unknown>,
  { cluster, isLast }: { readonly cluster: Cluster; readonly isLast: boolean },
): Promise<boolean> {
  const { name, namespace, uid, resourceVersion } = cluster.metadata
  try {
    const answer = await client.request(resourcePath(CLUSTERS, { namespace, name }), {
      method: 'DELETE',
      // In the end without its resourceVersion, since a status may change faster than we look: protection that was
      // turned on meanwhile is then the home's own policy to uphold.
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: isLast ? { uid } : { uid, resourceVersion } },
      impersonate: impersonation(call.caller),
    })
    call.log.info({ uid }, 'deletion accepted')
    // Held by its finalizer, it is answered as it is now; one that no keeper had taken over yet is gone at once.
    if (isHeld(answer)) clusters.remember(answer)
    else clusters.rememberGone(cluster)
    return true
  } catch (error) {
    if (isNotFound(error)) return true
    // Forbidden, for protection that was turned on after we looked: the next look says so in EKS's words.
    if ((isConflict(error) || isForbidden(error)) && !isLast) return false
    throw error
  }
}

function refuseProtected(cluster: Cluster): void {
  if (cluster.spec.deletionProtection !== true || !isProtectedPhase(phaseOf(cluster))) return
  const clusterName = cluster.spec.eksName
  throw new EksFault(
    'InvalidRequestException',
    `The cluster "${clusterName}" has deletion protection: turn it off first (UpdateClusterConfig with deletionProtection false).`,
    { context: { clusterName } },
  )
}

/** As in EKS. The home is asked, since another service may have made one a moment ago; its own policy has the last word. */
async function refuseWithNodeGroups({ client }: EksContext, cluster: Cluster): Promise<void> {
  const { eksName: clusterName } = cluster.spec
  const { namespace } = cluster.metadata
  const { items } = await client.list<NodeGroup>(NODE_GROUPS, {
    namespace,
    fieldSelector: `spec.clusterName=${clusterName}`,
  })
  if (items.length === 0) return
  const names = items.map(({ spec }) => spec.nodegroupName).toSorted()
  const shown = names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES), '...'] : names
  throw new EksFault(
    'ResourceInUseException',
    `Cluster has nodegroups attached: delete those of "${clusterName}" first (${shown.join(', ')}), and wait until they are gone.`,
    { context: { clusterName } },
  )
}

/** Anything else (a Status) says that nothing is left. */
function isHeld(answer: unknown): answer is Cluster {
  const { kind, metadata } = answer as Partial<Cluster>
  return kind === 'Cluster' && metadata?.deletionTimestamp !== undefined
}
