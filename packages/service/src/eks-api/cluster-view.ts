import type * as Eks from '@aws-sdk/client-eks'
import { clusterArn } from '@evenkeel/contract/eks'
import { type Cluster, type ClusterPhase, platformVersion } from '@evenkeel/contract/kinds'
import type { Caller } from '../http/index.ts'
import type { EksContext } from './context.ts'

const LOG_TYPES: Eks.LogType[] = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']

/** Where a cluster stands, in EKS's words. What is to be deleted is DELETING until it is gone, never ACTIVE again. */
export function phaseOf(cluster: Cluster): ClusterPhase {
  if (cluster.metadata.deletionTimestamp !== undefined) return 'DELETING'
  return cluster.status?.phase ?? 'CREATING'
}

/**
 * A cluster as EKS shows it. Members that we have nothing to say for are absent: no VPC, no security group of the
 * cluster, no add-on or Auto Mode settings.
 */
export function clusterView(
  cluster: Cluster,
  context: Pick<EksContext, 'region' | 'releases'>,
  caller: Caller,
): Eks.Cluster {
  const { metadata, spec, status = {} } = cluster
  return {
    name: spec.eksName,
    arn: clusterArn({ region: context.region, accountId: caller.accountId }, spec.eksName),
    createdAt: timeOf(metadata.creationTimestamp),
    version: spec.version,
    endpoint: status.endpoint,
    roleArn: spec.roleArn,
    resourcesVpcConfig: {
      subnetIds: spec.subnetIds ?? [],
      securityGroupIds: spec.securityGroupIds ?? [],
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: ['0.0.0.0/0'],
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: spec.kubernetesNetworkConfig?.serviceIpv4Cidr,
      ipFamily: 'ipv4',
      elasticLoadBalancing: { enabled: false },
    },
    logging: { clusterLogging: [{ types: LOG_TYPES, enabled: false }] },
    identity: status.oidcIssuer === undefined ? undefined : { oidc: { issuer: status.oidcIssuer } },
    status: phaseOf(cluster),
    certificateAuthority:
      status.certificateAuthorityData === undefined ? undefined : { data: status.certificateAuthorityData },
    clientRequestToken: spec.clientRequestToken,
    platformVersion: status.platformVersion ?? firstPlatformVersion(spec.version, context),
    tags: spec.tags ?? {},
    health: {
      issues: (status.health?.issues ?? []).map((issue) => ({ ...issue, code: issue.code as Eks.ClusterIssueCode })),
    },
    accessConfig: {
      authenticationMode: 'API',
      bootstrapClusterCreatorAdminPermissions: spec.bootstrapClusterCreatorAdminPermissions ?? true,
    },
    upgradePolicy: { supportType: spec.upgradePolicy?.supportType ?? 'EXTENDED' },
    zonalShiftConfig: { enabled: false },
    deletionProtection: spec.deletionProtection ?? false,
    controlPlaneScalingConfig: { tier: 'standard' },
  }
}

/** What the cluster will get as soon as a keeper takes it over; EKS shows it from the first answer on. */
function firstPlatformVersion(minor: string, { releases }: Pick<EksContext, 'releases'>): string | undefined {
  const release = releases.find((candidate) => candidate.minor === minor)
  return release && platformVersion(release.platformRevision)
}

/** Of an RFC 3339 time of the home. */
export function timeOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text)
}
