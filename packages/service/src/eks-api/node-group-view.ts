import type * as Eks from '@aws-sdk/client-eks'
import { nodeGroupArn } from '@evenkeel/contract/eks'
import type { NodeGroup, NodeGroupPhase } from '@evenkeel/contract/kinds'
import type { Caller } from '../http/index.ts'
import { acceptedUpdateOf } from './accepted-update.ts'
import { timeOf } from './cluster-view.ts'
import type { EksContext } from './context.ts'

/** Where a node group stands, in EKS's words. What is to be deleted is never ACTIVE again. */
export function nodeGroupPhaseOf({ metadata, status }: NodeGroup): NodeGroupPhase {
  const phase = status?.phase ?? 'CREATING'
  if (metadata.deletionTimestamp === undefined || phase === 'DELETE_FAILED') return phase
  return 'DELETING'
}

/** A node group as EKS shows it. There is no Auto Scaling group, no launch template and no remote access to show. */
export function nodeGroupView(group: NodeGroup, context: Pick<EksContext, 'region'>, caller: Caller): Eks.Nodegroup {
  const { metadata, spec, status = {} } = group
  const { clusterName, nodegroupName } = spec
  return {
    nodegroupName,
    nodegroupArn: nodeGroupArn(
      { region: context.region, accountId: caller.accountId },
      { clusterName, nodegroupName, uid: metadata.uid ?? '' },
    ),
    clusterName,
    version: status.version ?? spec.version,
    releaseVersion: status.releaseVersion ?? spec.releaseVersion,
    createdAt: timeOf(metadata.creationTimestamp),
    modifiedAt: timeOf(modifiedAt(group)),
    status: nodeGroupPhaseOf(group),
    capacityType: spec.capacityType,
    scalingConfig: spec.scalingConfig,
    instanceTypes: spec.instanceTypes,
    subnets: spec.subnets ?? [],
    amiType: 'AL2023_x86_64_STANDARD',
    nodeRole: spec.nodeRole,
    labels: spec.labels,
    taints: spec.taints,
    resources: { autoScalingGroups: [] },
    diskSize: spec.diskSize,
    health: {
      issues: (status.health?.issues ?? []).map((issue) => ({ ...issue, code: issue.code as Eks.NodegroupIssueCode })),
    },
    updateConfig: spec.updateConfig,
    nodeRepairConfig: spec.nodeRepairConfig,
    tags: spec.tags ?? {},
  }
}

/** The latest of what is known to have changed it (RFC 3339). */
function modifiedAt(group: NodeGroup): string | undefined {
  const { metadata, status } = group
  const times = [
    metadata.creationTimestamp,
    metadata.deletionTimestamp,
    acceptedUpdateOf(group)?.acceptedAt,
    ...(status?.conditions ?? []).map(({ lastTransitionTime }) => lastTransitionTime),
  ].filter((time) => time !== undefined)
  return times.toSorted((one, other) => Date.parse(one) - Date.parse(other)).at(-1)
}
