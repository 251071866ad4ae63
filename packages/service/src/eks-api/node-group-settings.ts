import type * as Eks from '@aws-sdk/client-eks'
import {
  MOST_NODES,
  type NodeGroupScaling,
  type NodeGroupUpdateConfig,
  type NodeRepairConfig,
  type NodeRepairOverride,
} from '@evenkeel/contract/kinds'

/** What is read, and what is wrong with it, one sentence each. */
export interface Reading<T> {
  readonly value: T
  readonly complaints: readonly string[]
}

/** What a node group has that is created without them, as EKS documents it. */
export const DEFAULT_SCALING: NodeGroupScaling = { minSize: 1, maxSize: 2, desiredSize: 2 }
export const DEFAULT_UPDATE_CONFIG: NodeGroupUpdateConfig = { maxUnavailable: 1, updateStrategy: 'DEFAULT' }
export const DEFAULT_REPAIR_CONFIG: NodeRepairConfig = { enabled: false }

/** As documented for EKS. */
const MOST_UNAVAILABLE = 100
const MOST_OVERRIDES = 50
/** A week. */
const LONGEST_REPAIR_WAIT_MINUTES = 10_080

/** What is absent stays as it is in `before`. */
export function readScaling(
  before: NodeGroupScaling,
  given: Eks.NodegroupScalingConfig | undefined,
): Reading<NodeGroupScaling> {
  const value: NodeGroupScaling = {
    minSize: given?.minSize ?? before.minSize,
    maxSize: given?.maxSize ?? before.maxSize,
    desiredSize: given?.desiredSize ?? before.desiredSize,
  }
  const { minSize, maxSize, desiredSize } = value
  const complaints: string[] = []
  if (maxSize > MOST_NODES) complaints.push(`scalingConfig.maxSize must be at most ${MOST_NODES}, not ${maxSize}`)
  if (minSize > maxSize) {
    complaints.push(`scalingConfig.minSize must not be more than maxSize: ${minSize} is more than ${maxSize}`)
  } else if (desiredSize < minSize || desiredSize > maxSize) {
    complaints.push(
      `scalingConfig.desiredSize must be from minSize to maxSize: ${desiredSize} is not from ${minSize} to ${maxSize}`,
    )
  }
  return { value, complaints }
}

/** What is absent stays as it is in `before`; a count takes the place of a percentage, and the other way round. */
export function readUpdateConfig(
  before: NodeGroupUpdateConfig,
  given: Eks.NodegroupUpdateConfig | undefined,
): Reading<NodeGroupUpdateConfig> {
  const { maxUnavailable, maxUnavailablePercentage, updateStrategy = before.updateStrategy } = given ?? {}
  const complaints = [...onlyOne('updateConfig', { maxUnavailable, maxUnavailablePercentage })]
  if (maxUnavailable !== undefined && maxUnavailable > MOST_UNAVAILABLE) {
    complaints.push(`updateConfig.maxUnavailable must be at most ${MOST_UNAVAILABLE}, not ${maxUnavailable}`)
  }
  const limit = either(before, { maxUnavailable, maxUnavailablePercentage })
  return { value: { ...limit, updateStrategy }, complaints }
}

/** What is absent stays as it is in `before`; overrides are replaced as a whole. */
export function readRepairConfig(
  before: NodeRepairConfig,
  given: Eks.NodeRepairConfig | undefined,
): Reading<NodeRepairConfig> {
  const {
    enabled = before.enabled,
    maxUnhealthyNodeThresholdCount,
    maxUnhealthyNodeThresholdPercentage,
    maxParallelNodesRepairedCount,
    maxParallelNodesRepairedPercentage,
    nodeRepairConfigOverrides: givenOverrides,
  } = given ?? {}
  const threshold = { maxUnhealthyNodeThresholdCount, maxUnhealthyNodeThresholdPercentage }
  const parallel = { maxParallelNodesRepairedCount, maxParallelNodesRepairedPercentage }
  const overrides = givenOverrides === undefined ? undefined : readOverrides(givenOverrides)
  const kept = overrides?.value ?? before.nodeRepairConfigOverrides
  return {
    value: {
      enabled,
      ...either(before, threshold),
      ...either(before, parallel),
      ...(kept === undefined ? {} : { nodeRepairConfigOverrides: kept }),
    },
    complaints: [
      ...onlyOne('nodeRepairConfig', threshold),
      ...onlyOne('nodeRepairConfig', parallel),
      ...(overrides?.complaints ?? []),
    ],
  }
}

function readOverrides(given: readonly Eks.NodeRepairConfigOverrides[]): Reading<NodeRepairOverride[]> {
  const path = 'nodeRepairConfig.nodeRepairConfigOverrides'
  const complaints: string[] = []
  const value: NodeRepairOverride[] = []
  if (given.length > MOST_OVERRIDES) complaints.push(`${path} must have at most ${MOST_OVERRIDES} items`)
  for (const [at, override] of given.entries()) {
    const { nodeMonitoringCondition, nodeUnhealthyReason, minRepairWaitTimeMins, repairAction } = override
    if (!nodeMonitoringCondition || !nodeUnhealthyReason || minRepairWaitTimeMins === undefined || !repairAction) {
      complaints.push(
        `${path}[${at}] must have nodeMonitoringCondition, nodeUnhealthyReason, minRepairWaitTimeMins and repairAction`,
      )
      continue
    }
    if (nodeMonitoringCondition.length > 316 || nodeUnhealthyReason.length > 1024) {
      complaints.push(`${path}[${at}] names a condition or a reason that is longer than those of Kubernetes`)
    }
    if (minRepairWaitTimeMins > LONGEST_REPAIR_WAIT_MINUTES) {
      complaints.push(`${path}[${at}].minRepairWaitTimeMins must be at most ${LONGEST_REPAIR_WAIT_MINUTES} (a week)`)
    }
    value.push({ nodeMonitoringCondition, nodeUnhealthyReason, minRepairWaitTimeMins, repairAction })
  }
  return { value, complaints }
}

/** Two members of which at most one is given. */
type Pair = Readonly<Record<string, number | undefined>>

function onlyOne(path: string, pair: Pair): readonly string[] {
  const given = Object.entries(pair).filter(([, value]) => value !== undefined)
  return given.length < 2
    ? []
    : [`${path} must not have both ${given.map(([member]) => member).join(' and ')}: give one of them`]
}

/** The member of a pair that is given, or that there was before. */
function either<P extends Pair>(before: Partial<Record<keyof P, unknown>>, pair: P): Record<string, number> {
  const present = (from: Readonly<Record<string, unknown>>) =>
    Object.keys(pair).flatMap((member) => (typeof from[member] === 'number' ? [[member, from[member]] as const] : []))
  const given = present(pair)
  return Object.fromEntries(given.length > 0 ? given : present(before as Readonly<Record<string, unknown>>))
}
