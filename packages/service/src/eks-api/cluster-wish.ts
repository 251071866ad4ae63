import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import type { ClusterSpec } from '@evenkeel/contract/kinds'
import { type Release, supportStatus } from '@evenkeel/distribution/releases'
import { idComplaints, roleComplaints, tokenComplaints } from './aws-names.ts'
import type { EksContext } from './context.ts'
import { CREATE_CLUSTER_RULES, refusedMembers } from './member-rules.ts'
import { isServiceCidr, SERVICE_CIDR_RULE } from './service-cidr.ts'
import { tagComplaints } from './tag-rules.ts'

const DEFAULT_SERVICE_CIDR = '10.100.0.0/16'

/**
 * What CreateCluster asks for, as the spec of a Cluster. Defaults are written out: a later default is not to change a
 * cluster that exists. Throws EksFault InvalidParameterException with everything that is wrong.
 */
export function readClusterWish(
  context: Pick<EksContext, 'releases' | 'clock'>,
  input: Eks.CreateClusterRequest,
): ClusterSpec {
  const { name = '', resourcesVpcConfig = {}, kubernetesNetworkConfig, accessConfig, roleArn = '' } = input
  const complaints = [...refusedMembers(input, CREATE_CLUSTER_RULES)]
  const supportType = input.upgradePolicy?.supportType ?? 'EXTENDED'
  const release = findRelease(context, input.version, complaints)
  if (release !== undefined) complaints.push(...supportComplaints(context, release, supportType))
  const serviceIpv4Cidr = kubernetesNetworkConfig?.serviceIpv4Cidr ?? DEFAULT_SERVICE_CIDR
  if (!isServiceCidr(serviceIpv4Cidr)) {
    complaints.push(
      `kubernetesNetworkConfig.serviceIpv4Cidr must be ${SERVICE_CIDR_RULE}, not ${JSON.stringify(serviceIpv4Cidr)}`,
    )
  }
  complaints.push(...roleComplaints('roleArn', roleArn), ...tagComplaints(input.tags ?? {}))
  const { subnetIds = [], securityGroupIds = [] } = resourcesVpcConfig
  complaints.push(
    ...idComplaints('resourcesVpcConfig.subnetIds', 'subnet-', subnetIds),
    ...idComplaints('resourcesVpcConfig.securityGroupIds', 'sg-', securityGroupIds),
  )
  complaints.push(...tokenComplaints(input.clientRequestToken))
  if (complaints.length > 0 || release === undefined) {
    throw new EksFault('InvalidParameterException', `${complaints.join('; ')}.`, { context: { clusterName: name } })
  }
  return {
    eksName: name,
    version: release.minor,
    bootstrapClusterCreatorAdminPermissions: accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true,
    deletionProtection: input.deletionProtection ?? false,
    upgradePolicy: { supportType },
    kubernetesNetworkConfig: { serviceIpv4Cidr },
    roleArn,
    subnetIds: [...subnetIds],
    securityGroupIds: [...securityGroupIds],
    tags: input.tags ?? {},
    ...(input.clientRequestToken === undefined ? {} : { clientRequestToken: input.clientRequestToken }),
  }
}

/** Why a cluster of this release may not have this support policy; nothing when it may. */
export function supportComplaints(
  context: Pick<EksContext, 'clock'>,
  release: Release,
  supportType: Eks.SupportType,
): readonly string[] {
  return supportStatus(release, new Date(context.clock.now())) === 'extended' && supportType === 'STANDARD'
    ? [`upgradePolicy.supportType must be EXTENDED for Kubernetes ${release.minor}, which is in extended support`]
    : []
}

function findRelease(
  { releases, clock }: Pick<EksContext, 'releases' | 'clock'>,
  version: string | undefined,
  complaints: string[],
): Release | undefined {
  const now = new Date(clock.now())
  const supported = releases.filter((release) => supportStatus(release, now) !== 'ended')
  const found = supported.find((release) => (version === undefined ? release.isDefault : release.minor === version))
  if (found === undefined) {
    const offered = supported.map((release) => release.minor).join(', ')
    complaints.push(
      version === undefined
        ? `version must be given, since the default one is out of support: one of ${offered}`
        : `version must be one of ${offered}, not ${JSON.stringify(version.slice(0, 60))}`,
    )
  }
  return found
}
