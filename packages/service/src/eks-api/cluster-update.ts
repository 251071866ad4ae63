import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import type { Cluster, ClusterSpec } from '@evenkeel/contract/kinds'
import type { EksCall } from '../http/index.ts'
import { requireAllowed } from './cluster-action.ts'
import { readCluster } from './cluster-find.ts'
import { supportComplaints } from './cluster-wish.ts'
import type { EksContext } from './context.ts'
import { refusedMembers, UPDATE_CLUSTER_CONFIG_RULES } from './member-rules.ts'
import { acceptUpdate } from './update-accept.ts'

/** What one update changes: the members of the spec, and how EKS names it. */
interface ClusterChange {
  readonly type: Eks.UpdateType
  readonly param: Eks.UpdateParamType
  readonly value: string
  readonly members: Partial<ClusterSpec>
}

/** Accepts one change of a cluster's settings, and answers the update that follows it. */
export async function updateClusterConfig(
  context: EksContext,
  call: EksCall<Eks.UpdateClusterConfigRequest>,
): Promise<Eks.UpdateClusterConfigResponse> {
  const { name = '' } = call.input
  const change = readChange(call.input)
  const update = await acceptUpdate(context, call, {
    view: context.clusters,
    read: () => readCluster(context, call, name),
    requireAllowed: (cluster) => requireAllowed('UpdateClusterConfig', cluster),
    takesAnother: () => false,
    changeOf: (cluster) => {
      refuseImpossible(context, cluster, change)
      const { type, param, value, members } = change
      return { type, params: [{ type: param, value }], specPatch: () => members }
    },
  })
  return { update }
}

/** Exactly one change: EKS takes no two at once. */
function readChange(input: Eks.UpdateClusterConfigRequest): ClusterChange {
  const context = input.name === undefined ? {} : { context: { clusterName: input.name } }
  const refused = refusedMembers(input, UPDATE_CLUSTER_CONFIG_RULES)
  if (refused.length > 0) throw new EksFault('InvalidParameterException', `${refused.join('; ')}.`, context)
  const changes: ClusterChange[] = []
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

function refuseImpossible(context: EksContext, cluster: Cluster, change: ClusterChange): void {
  const clusterName = cluster.spec.eksName
  const options = { context: { clusterName } }
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

function settingsOf({ deletionProtection = false, upgradePolicy }: ClusterSpec): Readonly<Record<string, unknown>> {
  return { deletionProtection, upgradePolicy: { supportType: upgradePolicy?.supportType ?? 'EXTENDED' } }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
