import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import { CLUSTERS, type Cluster, type ClusterSpec, type Update, type UpdateSpec } from '@evenkeel/contract/kinds'
import { isConflict } from '@evenkeel/kernel'
import type { EksCall } from '../http/index.ts'
import { ACCEPTED_UPDATE_ANNOTATION, type AcceptedUpdate, updateId, updateObject } from './accepted-update.ts'
import { requireAllowed } from './cluster-action.ts'
import { readCluster } from './cluster-find.ts'
import { supportComplaints } from './cluster-wish.ts'
import { clusterPlace, type EksContext, impersonation } from './context.ts'
import { atHome } from './home-fault.ts'
import { refusedMembers, UPDATE_CLUSTER_CONFIG_RULES } from './member-rules.ts'
import { requestDigest } from './request-digest.ts'
import { makeUpdate } from './update-upkeep.ts'
import { isInProgress, updatesOf, updateView } from './update-view.ts'

/** What one update changes: the members of the spec, and how EKS names it. */
interface Change {
  readonly type: Eks.UpdateType
  readonly param: Eks.UpdateParamType
  readonly value: string
  readonly members: Partial<ClusterSpec>
}

/** A cluster that others keep changing (its status) is looked at anew so often. */
const MOST_ATTEMPTS = 10

/** Accepts one change of a cluster's settings, and answers the update that follows it. */
export async function updateClusterConfig(
  context: EksContext,
  call: EksCall<Eks.UpdateClusterConfigRequest>,
): Promise<Eks.UpdateClusterConfigResponse> {
  const clusterName = call.input.name ?? ''
  const change = readChange(call.input)
  for (let attempt = 1; ; attempt += 1) {
    const cluster = await readCluster(context, call, clusterName)
    const earlier = findEarlier(context, call, cluster)
    if (earlier !== undefined) return { update: updateView(earlier) }
    refuseImpossible(context, cluster, change)
    const accepted = acceptanceOf(context, call, { cluster, change })
    const changed = await acceptOnce(context, call, { cluster, change, accepted, isLast: attempt === MOST_ATTEMPTS })
    if (changed === undefined) continue
    call.log.info({ update: accepted.id, type: change.type }, 'update accepted')
    return { update: updateView(await showUpdate(context, call, { cluster: changed, accepted })) }
  }
}

/** Exactly one change: EKS takes no two at once. */
function readChange(input: Eks.UpdateClusterConfigRequest): Change {
  const context = input.name === undefined ? {} : { context: { clusterName: input.name } }
  const refused = refusedMembers(input, UPDATE_CLUSTER_CONFIG_RULES)
  if (refused.length > 0) throw new EksFault('InvalidParameterException', `${refused.join('; ')}.`, context)
  const changes: Change[] = []
  const { deletionProtection, upgradePolicy } = input
  if (deletionProtection !== undefined) {
    changes.push({
      type: 'DeletionProtectionUpdate',
      param: 'DeletionProtection',
      value: String(deletionProtection),
      members: { deletionProtection },
    })
  }
  if (upgradePolicy?.supportType !== undefined) {
    const { supportType } = upgradePolicy
    changes.push({
      type: 'UpgradePolicyUpdate',
      param: 'UpgradePolicy',
      value: JSON.stringify({ supportType }),
      members: { upgradePolicy: { supportType } },
    })
  }
  const [change, ...others] = changes
  if (change === undefined) {
    throw new EksFault(
      'InvalidParameterException',
      'Nothing to change was given: give deletionProtection or upgradePolicy.',
      context,
    )
  }
  if (others.length > 0) {
    const types = changes.map(({ type }) => type).join(', ')
    throw new EksFault(
      'InvalidParameterException',
      `Only one type of update can be made at once, not ${types}.`,
      context,
    )
  }
  return change
}

/** The update that the same call has made before. Throws EksFault where its token was used for another one. */
function findEarlier(
  context: EksContext,
  { input }: EksCall<Eks.UpdateClusterConfigRequest>,
  cluster: Cluster,
): Update | undefined {
  const { clientRequestToken } = input
  if (clientRequestToken === undefined) return undefined
  const id = updateId(cluster, clientRequestToken)
  const earlier = updatesOf(context, cluster).find(({ metadata }) => metadata.name === id)
  if (earlier !== undefined && earlier.spec.requestDigest !== requestDigest(input)) {
    throw new EksFault(
      'InvalidParameterException',
      `clientRequestToken ${JSON.stringify(clientRequestToken)} was used before with other parameters: use a new one for a new request.`,
      { context: { clusterName: cluster.spec.eksName } },
    )
  }
  return earlier
}

function refuseImpossible(context: EksContext, cluster: Cluster, change: Change): void {
  requireAllowed('UpdateClusterConfig', cluster)
  const clusterName = cluster.spec.eksName
  const options = { context: { clusterName } }
  const running = updatesOf(context, cluster).find(isInProgress)
  if (running !== undefined) {
    throw new EksFault(
      'ResourceInUseException',
      `The cluster "${clusterName}" has an update in progress, ${running.metadata.name}: wait until it is done.`,
      options,
    )
  }
  const current = settingsOf(cluster.spec)
  if (Object.entries(change.members).every(([member, value]) => isSame(current[member], value))) {
    throw new EksFault(
      'InvalidParameterException',
      `The cluster "${clusterName}" is already as wanted: ${change.param} is ${change.value}.`,
      options,
    )
  }
  const release = context.releases.find(({ minor }) => minor === cluster.spec.version)
  const supportType = change.members.upgradePolicy?.supportType
  const complaints = release && supportType ? supportComplaints(context, release, supportType) : []
  if (complaints.length > 0) throw new EksFault('InvalidParameterException', `${complaints.join('; ')}.`, options)
}

function acceptanceOf(
  { clock }: EksContext,
  { input }: EksCall<Eks.UpdateClusterConfigRequest>,
  { cluster, change }: { readonly cluster: Cluster; readonly change: Change },
): AcceptedUpdate {
  const { clientRequestToken } = input
  const spec: UpdateSpec = {
    clusterName: cluster.spec.eksName,
    type: change.type,
    params: [{ type: change.param, value: change.value }],
    ...(clientRequestToken === undefined ? {} : { clientRequestToken }),
    requestDigest: requestDigest(input),
  }
  return { id: updateId(cluster, clientRequestToken), acceptedAt: new Date(clock.now()).toISOString(), spec }
}

/** The change and the update's acceptance in one write; undefined when the cluster has changed since it was looked at. */
async function acceptOnce(
  { client, clusters }: EksContext,
  { operation, caller }: EksCall<unknown>,
  write: {
    readonly cluster: Cluster
    readonly change: Change
    readonly accepted: AcceptedUpdate
    readonly isLast: boolean
  },
): Promise<Cluster | undefined> {
  const { cluster, change, accepted, isLast } = write
  const clusterName = cluster.spec.eksName
  return await atHome({ operation, clusterName, deed: `update the cluster "${clusterName}"` }, async () => {
    try {
      const changed = await client.mergePatch<Cluster>(CLUSTERS, {
        ...clusterPlace(caller, clusterName),
        patch: {
          metadata: {
            resourceVersion: cluster.metadata.resourceVersion,
            annotations: { [ACCEPTED_UPDATE_ANNOTATION]: JSON.stringify(accepted) },
          },
          spec: change.members,
        },
        impersonate: impersonation(caller),
      })
      clusters.remember(changed)
      return changed
    } catch (error) {
      if (isConflict(error) && !isLast) return undefined
      throw error
    }
  })
}

/** The update is accepted already: where its object cannot be made now, upkeep makes it later. */
async function showUpdate(
  context: EksContext,
  { caller, log }: EksCall<unknown>,
  { cluster, accepted }: { readonly cluster: Cluster; readonly accepted: AcceptedUpdate },
): Promise<Update> {
  const update = updateObject(cluster, accepted)
  try {
    return await makeUpdate(context, update, impersonation(caller))
  } catch (err) {
    log.warn({ err, update: accepted.id }, 'the object of an accepted update could not be made: it is made later')
    return { ...update, metadata: { ...update.metadata, creationTimestamp: accepted.acceptedAt } }
  }
}

function settingsOf({ deletionProtection = false, upgradePolicy }: ClusterSpec): Readonly<Record<string, unknown>> {
  return { deletionProtection, upgradePolicy: { supportType: upgradePolicy?.supportType ?? 'EXTENDED' } }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
