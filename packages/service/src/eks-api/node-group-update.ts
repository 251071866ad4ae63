import type * as Eks from '@aws-sdk/client-eks'
import { EksFault, nodeGroupActionAnswer } from '@evenkeel/contract/eks'
import type { NodeGroup, NodeGroupSpec, NodeTaint } from '@evenkeel/contract/kinds'
import type { EksCall } from '../http/index.ts'
import { findCluster } from './cluster-find.ts'
import { phaseOf } from './cluster-view.ts'
import type { EksContext } from './context.ts'
import { type MemberRule, refusedMembers } from './member-rules.ts'
import { mergePatchOf } from './merge-patch.ts'
import { namesOf, readNodeGroup } from './node-group-find.ts'
import { readLabels, readTaints } from './node-group-labels.ts'
import { UPDATE_NODEGROUP_CONFIG_RULES, UPDATE_NODEGROUP_VERSION_RULES } from './node-group-members.ts'
import { readRepairConfig, readScaling, readUpdateConfig } from './node-group-settings.ts'
import { nodeGroupPhaseOf } from './node-group-view.ts'
import { readNodeVersion } from './node-version.ts'
import { eksNamesOf, subjectOf } from './updatable.ts'
import { acceptUpdate, type Change, type UpdateOwner } from './update-accept.ts'

/** Accepts changes of a node group's settings, any number at once, and answers the update that follows them. */
export async function updateNodegroupConfig(
  context: EksContext,
  call: EksCall<Eks.UpdateNodegroupConfigRequest>,
): Promise<Eks.UpdateNodegroupConfigResponse> {
  return await update(context, call, {
    rules: UPDATE_NODEGROUP_CONFIG_RULES,
    changeOf: (group) => configChange(group, call.input),
  })
}

/** Accepts another version of a node group's nodes, and answers the update that follows. */
export async function updateNodegroupVersion(
  context: EksContext,
  call: EksCall<Eks.UpdateNodegroupVersionRequest>,
): Promise<Eks.UpdateNodegroupVersionResponse> {
  return await update(context, call, {
    rules: UPDATE_NODEGROUP_VERSION_RULES,
    changeOf: (group) => versionChange(context, call, group),
  })
}

/** What both have in common: whose group it is, which members are refused, and when an update may be. */
async function update(
  context: EksContext,
  call: EksCall<Eks.UpdateNodegroupConfigRequest | Eks.UpdateNodegroupVersionRequest>,
  { rules, changeOf }: Pick<UpdateOwner<NodeGroup>, 'changeOf'> & { readonly rules: readonly MemberRule[] },
): Promise<{ readonly update: Eks.Update }> {
  const names = namesOf(call.input)
  await findCluster(context, call, names.clusterName)
  refuseMembers(refusedMembers(call.input, rules), names)
  const accepted = await acceptUpdate(context, call, {
    view: context.nodeGroups,
    read: () => readNodeGroup(context, call, names),
    requireAllowed,
    takesAnother: isDegraded,
    changeOf,
  })
  return { update: accepted }
}

function refuseMembers(complaints: readonly string[], context: ReturnType<typeof namesOf>): void {
  if (complaints.length > 0) throw new EksFault('InvalidParameterException', `${complaints.join('; ')}.`, { context })
}

function requireAllowed(group: NodeGroup): void {
  const answer = nodeGroupActionAnswer('UpdateNodegroup', nodeGroupPhaseOf(group))
  if (answer === 'allowed') return
  throw new EksFault(answer.fault, `${subjectOf(group)} ${answer.reason}.`, { context: eksNamesOf(group) })
}

/** What it has been asked for may be what it cannot be: another wish has to have its chance. */
function isDegraded(group: NodeGroup): boolean {
  return nodeGroupPhaseOf(group) === 'DEGRADED'
}

/** Members of the spec that UpdateNodegroupConfig changes. */
type Settings = Pick<NodeGroupSpec, 'scalingConfig' | 'labels' | 'taints' | 'updateConfig' | 'nodeRepairConfig'>

function configChange(group: NodeGroup, input: Eks.UpdateNodegroupConfigRequest): Change {
  const { spec } = group
  const scalingConfig = readScaling(spec.scalingConfig, input.scalingConfig)
  const labels = readLabels(spec.labels, input.labels)
  const taints = readTaints(spec.taints, input.taints)
  const updateConfig = readUpdateConfig(spec.updateConfig, input.updateConfig)
  const nodeRepairConfig = readRepairConfig(spec.nodeRepairConfig, input.nodeRepairConfig)
  const readings = { scalingConfig, labels, taints, updateConfig, nodeRepairConfig }
  refuseMembers(
    Object.values(readings).flatMap(({ complaints }) => complaints),
    namesOf(spec),
  )
  const after: Settings = {
    scalingConfig: scalingConfig.value,
    labels: labels.value,
    taints: taints.value,
    updateConfig: updateConfig.value,
    nodeRepairConfig: nodeRepairConfig.value,
  }
  const { scalingConfig: _s, labels: _l, taints: _t, updateConfig: _u, nodeRepairConfig: _n } = spec
  const before: Settings = { scalingConfig: _s, labels: _l, taints: _t, updateConfig: _u, nodeRepairConfig: _n }
  const patch = mergePatchOf(before, after)
  if (patch === undefined) {
    throw new EksFault(
      'InvalidParameterException',
      `${subjectOf(group)} is already as wanted: give scalingConfig, labels, taints, updateConfig or nodeRepairConfig that change it.`,
      { context: eksNamesOf(group) },
    )
  }
  return {
    type: 'ConfigUpdate',
    params: configParams(before, after),
    specPatch: (id) => ({ ...patch, lastConfigUpdate: { id } }),
  }
}

/** What has changed, as EKS names it: numbers and words as they are, all else as JSON. */
function configParams(before: Settings, after: Settings): Change['params'] {
  const params: { type: Eks.UpdateParamType; value: string }[] = []
  const add = (type: Eks.UpdateParamType, one: unknown, other: unknown) => {
    if (other === undefined || JSON.stringify(one) === JSON.stringify(other)) return
    params.push({ type, value: typeof other === 'object' ? JSON.stringify(other) : String(other) })
  }
  add('MinSize', before.scalingConfig.minSize, after.scalingConfig.minSize)
  add('MaxSize', before.scalingConfig.maxSize, after.scalingConfig.maxSize)
  add('DesiredSize', before.scalingConfig.desiredSize, after.scalingConfig.desiredSize)
  const added = Object.entries(after.labels).filter(([key, value]) => before.labels[key] !== value)
  if (added.length > 0) add('LabelsToAdd', undefined, Object.fromEntries(added))
  const removed = Object.keys(before.labels).filter((key) => after.labels[key] === undefined)
  if (removed.length > 0) add('LabelsToRemove', undefined, removed)
  const lacks = (taints: readonly NodeTaint[]) => (taint: NodeTaint) =>
    !taints.some((other) => JSON.stringify(other) === JSON.stringify(taint))
  const newTaints = after.taints.filter(lacks(before.taints))
  if (newTaints.length > 0) add('TaintsToAdd', undefined, newTaints)
  const oldTaints = before.taints.filter(
    ({ key, effect }) => !after.taints.some((other) => other.key === key && other.effect === effect),
  )
  if (oldTaints.length > 0) add('TaintsToRemove', undefined, oldTaints)
  add('MaxUnavailable', before.updateConfig.maxUnavailable, after.updateConfig.maxUnavailable)
  add(
    'MaxUnavailablePercentage',
    before.updateConfig.maxUnavailablePercentage,
    after.updateConfig.maxUnavailablePercentage,
  )
  add('UpdateStrategy', before.updateConfig.updateStrategy, after.updateConfig.updateStrategy)
  add('NodeRepairConfig', before.nodeRepairConfig, after.nodeRepairConfig)
  return params
}

async function versionChange(
  context: EksContext,
  call: EksCall<Eks.UpdateNodegroupVersionRequest>,
  group: NodeGroup,
): Promise<Change> {
  const { input } = call
  const { clusterName } = group.spec
  const cluster = await findCluster(context, call, clusterName)
  const phase = phaseOf(cluster)
  if (phase !== 'ACTIVE') {
    throw new EksFault('InvalidRequestException', `Cluster '${clusterName}' is not in ACTIVE status: it is ${phase}.`, {
      context: eksNamesOf(group),
    })
  }
  const complaints: string[] = []
  const wanted = readNodeVersion(context, cluster, {
    version: input.version,
    releaseVersion: input.releaseVersion,
    complaints,
  })
  refuseMembers(complaints, namesOf(group.spec))
  if (wanted === undefined) throw new Error('a version that is refused has a complaint')
  const { releaseVersion } = wanted
  // Asked for again after it has failed, it is tried again.
  if (
    group.spec.releaseVersion === releaseVersion &&
    (group.status?.releaseVersion ?? releaseVersion) === releaseVersion
  ) {
    throw new EksFault(
      'InvalidParameterException',
      `${subjectOf(group)} is already as wanted: its release version is ${releaseVersion}.`,
      { context: eksNamesOf(group) },
    )
  }
  return {
    type: 'VersionUpdate',
    params: [
      { type: 'Version', value: wanted.version },
      { type: 'ReleaseVersion', value: releaseVersion },
    ],
    specPatch: (id) => ({ ...wanted, lastVersionUpdate: { id, force: input.force ?? false } }),
  }
}
