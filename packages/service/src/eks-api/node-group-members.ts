import { INSTANCE_TYPES, MOST_NODES } from '@evenkeel/contract/kinds'
import { type MemberRule, says } from './member-rules.ts'

/** What is never offered: no machine here is an instance of EC2. */
const refused = (path: string, why: string, unless?: MemberRule['unless']): MemberRule => ({
  path,
  state: 'refused',
  note: `Not offered, ${why}.`,
  why,
  ...(unless ? { unless } : {}),
})

const NO_LAUNCH_TEMPLATE = refused('launchTemplate', 'since nodes are no instances of EC2')
const NO_WARM_POOL = refused('warmPoolConfig', 'since a node is made in seconds')

const NAMES: readonly MemberRule[] = [
  { path: 'clusterName', state: 'acts', note: 'Names the cluster (`name` in the path).' },
  {
    path: 'nodegroupName',
    state: 'acts',
    note: '1 to 63 letters, digits, `-` and `_`, a letter or digit first. Letters in both cases are told apart.',
  },
]

/** Every member of CreateNodegroup. */
export const CREATE_NODEGROUP_RULES: readonly MemberRule[] = [
  ...NAMES,
  {
    path: 'clientRequestToken',
    state: 'acts',
    note: 'The same call again is answered with the node group of the first.',
  },
  {
    path: 'scalingConfig',
    state: 'acts',
    note: `minSize <= desiredSize <= maxSize <= ${MOST_NODES}; what is absent: minSize 1, maxSize 2, desiredSize 2.`,
  },
  {
    path: 'instanceTypes',
    state: 'acts',
    note: `Sizes of machines, the preferred first: ${INSTANCE_TYPES.map(({ name }) => name).join(', ')}; absent: t3.medium.`,
  },
  { path: 'diskSize', state: 'acts', note: "GiB of each node's disk; absent: 20." },
  {
    path: 'version',
    state: 'acts',
    note: "The cluster's minor, or up to three older, as upstream's version skew policy has it (EKS: the cluster's alone); absent: the cluster's.",
  },
  { path: 'releaseVersion', state: 'acts', note: 'A node bundle of the version; absent: its newest.' },
  { path: 'labels', state: 'acts', note: 'At most 50. None of eks.amazonaws.com, kubernetes.io or k8s.io.' },
  { path: 'taints', state: 'acts', note: 'At most 50. No two with the same key and effect.' },
  {
    path: 'updateConfig',
    state: 'acts',
    note: 'maxUnavailable (1 to 100) or maxUnavailablePercentage, and updateStrategy; absent: maxUnavailable 1, DEFAULT.',
  },
  { path: 'nodeRepairConfig', state: 'acts', note: 'Absent: nothing is repaired. An override needs all its members.' },
  {
    path: 'capacityType',
    state: 'acts',
    note: 'ON_DEMAND or SPOT, told by a label of the nodes. CAPACITY_BLOCK is refused.',
  },
  { path: 'nodeRole', state: 'kept', note: 'Must be the ARN of an IAM role. There is no IAM to ask.' },
  { path: 'subnets', state: 'kept', note: 'Each begins with `subnet-`. Nodes are spread over all zones.' },
  { path: 'tags', state: 'kept', note: 'At most 50; no key begins with `aws:`.' },
  refused(
    'amiType',
    'since nodes run the bundle that releaseVersion names',
    says('AL2023_x86_64_STANDARD', (value) => value === 'AL2023_x86_64_STANDARD'),
  ),
  NO_LAUNCH_TEMPLATE,
  refused('remoteAccess', 'since nodes run no SSH server'),
  NO_WARM_POOL,
]

/** Every member of UpdateNodegroupConfig. */
export const UPDATE_NODEGROUP_CONFIG_RULES: readonly MemberRule[] = [
  ...NAMES,
  { path: 'clientRequestToken', state: 'acts', note: 'The same call again is answered with the update of the first.' },
  { path: 'scalingConfig', state: 'acts', note: 'As in CreateNodegroup; what is absent stays as it is.' },
  { path: 'labels', state: 'acts', note: 'Keys to remove that are not there are passed over.' },
  {
    path: 'taints',
    state: 'acts',
    note: 'Told apart by key and effect. Those to remove that are not there are passed over.',
  },
  { path: 'updateConfig', state: 'acts', note: 'What is absent stays as it is.' },
  {
    path: 'nodeRepairConfig',
    state: 'acts',
    note: 'What is absent stays as it is; overrides are replaced as a whole.',
  },
  NO_WARM_POOL,
]

/** Every member of UpdateNodegroupVersion. */
export const UPDATE_NODEGROUP_VERSION_RULES: readonly MemberRule[] = [
  ...NAMES,
  { path: 'clientRequestToken', state: 'acts', note: 'The same call again is answered with the update of the first.' },
  { path: 'version', state: 'acts', note: "As in CreateNodegroup; an older one than the nodes', too." },
  { path: 'releaseVersion', state: 'acts', note: 'As in CreateNodegroup.' },
  {
    path: 'force',
    state: 'acts',
    note: 'Whether pods that cannot be evicted in 15 minutes end with their node; absent: the update fails there.',
  },
  NO_LAUNCH_TEMPLATE,
]
