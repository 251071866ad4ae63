import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import {
  type Cluster,
  DEFAULT_INSTANCE_TYPE,
  INSTANCE_TYPES,
  instanceTypeOf,
  type NodeGroupSpec,
} from '@evenkeel/contract/kinds'
import { idComplaints, roleComplaints, tokenComplaints } from './aws-names.ts'
import type { EksContext } from './context.ts'
import { refusedMembers } from './member-rules.ts'
import { labelComplaints, readFirstTaints } from './node-group-labels.ts'
import { CREATE_NODEGROUP_RULES } from './node-group-members.ts'
import {
  DEFAULT_REPAIR_CONFIG,
  DEFAULT_SCALING,
  DEFAULT_UPDATE_CONFIG,
  readRepairConfig,
  readScaling,
  readUpdateConfig,
} from './node-group-settings.ts'
import { readNodeVersion } from './node-version.ts'
import { tagComplaints } from './tag-rules.ts'

const DEFAULT_DISK_GIB = 20
/** As many as EKS takes. */
const MOST_INSTANCE_TYPES = 20
/** As EC2 bounds a volume of type gp3. */
const LARGEST_DISK_GIB = 16_384
const MOST_LABELS = 50

/**
 * What CreateNodegroup asks for, as the spec of a NodeGroup. Defaults are written out: a later default is not to change
 * a node group that exists. Throws EksFault InvalidParameterException with everything that is wrong.
 */
export function readNodeGroupWish(
  context: Pick<EksContext, 'releases' | 'clock'>,
  cluster: Cluster,
  input: Eks.CreateNodegroupRequest,
): NodeGroupSpec {
  const { nodegroupName = '', nodeRole = '', subnets = [], labels = {}, tags = {}, diskSize = DEFAULT_DISK_GIB } = input
  const clusterName = cluster.spec.eksName
  const complaints = [...refusedMembers(input, CREATE_NODEGROUP_RULES), ...nameComplaints(nodegroupName)]
  const version = readNodeVersion(context, cluster, {
    version: input.version,
    releaseVersion: input.releaseVersion,
    complaints,
  })
  const scaling = readScaling(DEFAULT_SCALING, input.scalingConfig)
  const updateConfig = readUpdateConfig(DEFAULT_UPDATE_CONFIG, input.updateConfig)
  const repairConfig = readRepairConfig(DEFAULT_REPAIR_CONFIG, input.nodeRepairConfig)
  const taints = readFirstTaints(input.taints ?? [])
  const instanceTypes = input.instanceTypes?.length ? [...input.instanceTypes] : [DEFAULT_INSTANCE_TYPE]
  complaints.push(
    ...scaling.complaints,
    ...typeComplaints(instanceTypes),
    ...(diskSize < 1 || diskSize > LARGEST_DISK_GIB
      ? [`diskSize must be from 1 to ${LARGEST_DISK_GIB} (GiB), not ${diskSize}`]
      : []),
    ...(input.capacityType === 'CAPACITY_BLOCK'
      ? ['capacityType must be ON_DEMAND or SPOT: there are no capacity blocks here']
      : []),
    ...labelComplaints('labels', labels),
    ...(Object.keys(labels).length > MOST_LABELS ? [`labels must be at most ${MOST_LABELS}`] : []),
    ...taints.complaints,
    ...updateConfig.complaints,
    ...repairConfig.complaints,
    ...roleComplaints('nodeRole', nodeRole),
    ...idComplaints('subnets', 'subnet-', subnets),
    ...tagComplaints(tags),
    ...tokenComplaints(input.clientRequestToken),
  )
  if (complaints.length > 0 || version === undefined) {
    throw new EksFault('InvalidParameterException', `${complaints.join('; ')}.`, {
      context: { clusterName, nodegroupName },
    })
  }
  return {
    clusterName,
    nodegroupName,
    ...version,
    scalingConfig: scaling.value,
    instanceTypes,
    diskSize,
    capacityType: input.capacityType === 'SPOT' ? 'SPOT' : 'ON_DEMAND',
    labels,
    taints: taints.value,
    updateConfig: updateConfig.value,
    nodeRepairConfig: repairConfig.value,
    updatePaused: false,
    nodeRole,
    subnets: [...subnets],
    tags,
    ...(input.clientRequestToken === undefined ? {} : { clientRequestToken: input.clientRequestToken }),
  }
}

function nameComplaints(nodegroupName: string): readonly string[] {
  return /^[0-9A-Za-z][A-Za-z0-9\-_]{0,62}$/.test(nodegroupName)
    ? []
    : [
        'nodegroupName must be 1 to 63 letters, digits, "-" and "_", a letter or digit first, ' +
          `not ${JSON.stringify(nodegroupName.slice(0, 80))}`,
      ]
}

function typeComplaints(instanceTypes: readonly string[]): readonly string[] {
  if (instanceTypes.length > MOST_INSTANCE_TYPES) {
    return [`instanceTypes must have at most ${MOST_INSTANCE_TYPES} items, not ${instanceTypes.length}`]
  }
  const unknown = instanceTypes.find((name) => instanceTypeOf(name) === undefined)
  if (unknown !== undefined) {
    const known = INSTANCE_TYPES.map(({ name }) => name).join(', ')
    return [`instanceTypes must be of ${known}, not ${JSON.stringify(unknown.slice(0, 60))}`]
  }
  return []
}
