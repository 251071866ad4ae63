/** What a member of a request does here. */
export type MemberState = 'acts' | 'kept' | 'refused'

/** The rule of one member of a request, and with it of everything below that has no rule of its own. */
export interface MemberRule {
  /** Such as `resourcesVpcConfig.publicAccessCidrs`. */
  readonly path: string
  readonly state: MemberState
  /** For people who read the table of the API. */
  readonly note: string
  /** Of a refused member: the values that are taken, since they ask for what the cluster does anyway. */
  readonly unless?: { readonly says: string; readonly holds: (value: unknown) => boolean }
  /** Of a refused member: why it is not offered, as the rest of that sentence. */
  readonly why?: string
}

export const says = (text: string, holds: (value: unknown) => boolean) => ({ says: text, holds })
const isFalse = says('false', (value) => value === false)
const isTrue = says('true', (value) => value === true)
const isEmptyList = says('an empty list', (value) => Array.isArray(value) && value.length === 0)
const isDisabled = says(
  'enabled: false',
  (value) => isRecord(value) && value['enabled'] === false && isBare(value, ['enabled']),
)
const hasNothing = says('an empty structure', (value) => isRecord(value) && isBare(value, []))

const notOffered = (path: string, unless?: MemberRule['unless']): MemberRule => ({
  path,
  state: 'refused',
  note: 'Not offered yet.',
  ...(unless ? { unless } : {}),
})

/** Every member of CreateCluster: it acts, it is kept, or it is refused. Nothing claims a protection that is not there. */
export const CREATE_CLUSTER_RULES: readonly MemberRule[] = [
  { path: 'name', state: 'acts', note: 'Names the cluster, letters in both cases told apart.' },
  {
    path: 'version',
    state: 'acts',
    note: 'A minor that DescribeClusterVersions shows as supported; absent: the default one.',
  },
  { path: 'clientRequestToken', state: 'acts', note: 'The same call again is answered with the cluster of the first.' },
  {
    path: 'deletionProtection',
    state: 'acts',
    note: 'DeleteCluster is refused while it is true and the cluster is ACTIVE.',
  },
  {
    path: 'upgradePolicy',
    state: 'acts',
    note: 'STANDARD is refused for a version in extended support. Nothing is upgraded unattended yet.',
  },
  {
    path: 'accessConfig.bootstrapClusterCreatorAdminPermissions',
    state: 'acts',
    note: 'Whether the creator becomes an administrator of the cluster; absent: true.',
  },
  {
    path: 'kubernetesNetworkConfig.serviceIpv4Cidr',
    state: 'acts',
    note: 'A /12 to /24 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16; absent: 10.100.0.0/16.',
  },
  { path: 'roleArn', state: 'kept', note: 'Must be the ARN of an IAM role. There is no IAM to ask.' },
  { path: 'tags', state: 'kept', note: 'At most 50; no key begins with `aws:`.' },
  { path: 'resourcesVpcConfig.subnetIds', state: 'kept', note: 'Each begins with `subnet-`. There is no VPC.' },
  { path: 'resourcesVpcConfig.securityGroupIds', state: 'kept', note: 'Each begins with `sg-`. There is no VPC.' },
  notOffered('resourcesVpcConfig.endpointPublicAccess', isTrue),
  notOffered('resourcesVpcConfig.endpointPrivateAccess', isFalse),
  notOffered(
    'resourcesVpcConfig.publicAccessCidrs',
    says('0.0.0.0/0 alone', (value) => Array.isArray(value) && value.every((cidr) => cidr === '0.0.0.0/0')),
  ),
  notOffered(
    'resourcesVpcConfig.controlPlaneEgressMode',
    says('AWS_MANAGED', (value) => value === 'AWS_MANAGED'),
  ),
  notOffered(
    'kubernetesNetworkConfig.ipFamily',
    says('ipv4', (value) => value === 'ipv4'),
  ),
  notOffered('kubernetesNetworkConfig.elasticLoadBalancing', isDisabled),
  notOffered(
    'accessConfig.authenticationMode',
    says('API', (value) => value === 'API'),
  ),
  notOffered(
    'logging',
    says('all types with enabled: false', (value) => isRecord(value) && isLoggingOff(value['clusterLogging'])),
  ),
  notOffered('encryptionConfig', isEmptyList),
  notOffered('outpostConfig'),
  notOffered('bootstrapSelfManagedAddons', isFalse),
  notOffered('zonalShiftConfig', isDisabled),
  notOffered(
    'remoteNetworkConfig',
    says('empty lists', (value) => isRecord(value) && Object.values(value).every((list) => isEmptyList.holds(list))),
  ),
  notOffered('computeConfig', isDisabled),
  notOffered(
    'storageConfig',
    says('blockStorage.enabled: false', (value) => isRecord(value) && isDisabled.holds(value['blockStorage'])),
  ),
  notOffered(
    'controlPlaneScalingConfig',
    says('tier: standard', (value) => isRecord(value) && value['tier'] === 'standard' && isBare(value, ['tier'])),
  ),
  notOffered('kubeApiServerConfig', hasNothing),
  notOffered('kubeSchedulerConfig', hasNothing),
  notOffered('kubeControllerManagerConfig', hasNothing),
]

/** Every member of UpdateClusterConfig. */
export const UPDATE_CLUSTER_CONFIG_RULES: readonly MemberRule[] = [
  { path: 'name', state: 'acts', note: 'Names the cluster.' },
  { path: 'clientRequestToken', state: 'acts', note: 'The same call again is answered with the update of the first.' },
  { path: 'deletionProtection', state: 'acts', note: 'As in CreateCluster.' },
  { path: 'upgradePolicy', state: 'acts', note: 'As in CreateCluster.' },
  notOffered('resourcesVpcConfig'),
  notOffered('logging'),
  notOffered('accessConfig'),
  notOffered('zonalShiftConfig'),
  notOffered('computeConfig'),
  notOffered('kubernetesNetworkConfig'),
  notOffered('storageConfig'),
  notOffered('remoteNetworkConfig'),
  notOffered('controlPlaneScalingConfig'),
  notOffered('kubeApiServerConfig'),
  notOffered('kubeSchedulerConfig'),
  notOffered('kubeControllerManagerConfig'),
]

/** One sentence for each member of `input` that its rule refuses. */
export function refusedMembers(input: object, rules: readonly MemberRule[]): readonly string[] {
  return rules.flatMap(({ path, state, unless, why }) => {
    if (state !== 'refused') return []
    const value = valueAt(input, path)
    if (value === undefined || unless?.holds(value)) return []
    const reason = why === undefined ? ' yet' : `, ${why}`
    return [`${path} is not offered${reason}: leave it out${unless ? `, or say ${unless.says}` : ''}`]
  })
}

function valueAt(input: object, path: string): unknown {
  let value: unknown = input
  for (const member of path.split('.')) value = isRecord(value) ? value[member] : undefined
  return value
}

function isLoggingOff(setups: unknown): boolean {
  if (setups === undefined) return true
  return Array.isArray(setups) && setups.every((setup) => isRecord(setup) && setup['enabled'] === false)
}

/** Whether a structure has no other members that say something: null and empty lists say nothing. */
function isBare(value: Record<string, unknown>, known: readonly string[]): boolean {
  return Object.entries(value).every(
    ([member, one]) => known.includes(member) || one === undefined || (Array.isArray(one) && one.length === 0),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
