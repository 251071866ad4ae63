import Type from 'typebox'
import { HealthIssue } from './cluster.ts'
import { Condition } from './condition.ts'

/** For people who ask `kubectl explain`, like every description here. */
const KEPT = "Kept for EKS's clients, without effect here."

/** EKS's default quota of nodes in one managed node group. */
export const MOST_NODES = 450

export const TaintEffect = Type.Union(
  (['NO_SCHEDULE', 'NO_EXECUTE', 'PREFER_NO_SCHEDULE'] as const).map((effect) => Type.Literal(effect)),
)

/** As EKS spells it: effects are not those words of Kubernetes, but for example `NO_SCHEDULE` for `NoSchedule`. */
export const NodeTaint = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 63 }),
  value: Type.Optional(Type.String({ maxLength: 63 })),
  effect: TaintEffect,
})
export type NodeTaint = { key: string; value?: string; effect: 'NO_SCHEDULE' | 'NO_EXECUTE' | 'PREFER_NO_SCHEDULE' }

/** How many nodes there are to be. `minSize <= desiredSize <= maxSize`. */
export const NodeGroupScaling = Type.Object({
  minSize: Type.Integer({ minimum: 0, maximum: MOST_NODES }),
  maxSize: Type.Integer({ minimum: 1, maximum: MOST_NODES }),
  desiredSize: Type.Integer({ minimum: 0, maximum: MOST_NODES }),
})
export type NodeGroupScaling = Type.Static<typeof NodeGroupScaling>

/** How nodes are replaced by those of another version: one of `maxUnavailable` and `maxUnavailablePercentage`. */
export const NodeGroupUpdateConfig = Type.Object({
  maxUnavailable: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  maxUnavailablePercentage: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  /** `DEFAULT`: new nodes come before old ones go. `MINIMAL`: old ones go first, and there is no surge. */
  updateStrategy: Type.Union([Type.Literal('DEFAULT'), Type.Literal('MINIMAL')], { default: 'DEFAULT' }),
})
export type NodeGroupUpdateConfig = Type.Static<typeof NodeGroupUpdateConfig>

export const NodeRepairOverride = Type.Object({
  /** Type of a condition of the Node, such as `Ready` or `KernelReady`. */
  nodeMonitoringCondition: Type.String({ minLength: 1, maxLength: 316 }),
  /** Reason of that condition. */
  nodeUnhealthyReason: Type.String({ minLength: 1, maxLength: 1024 }),
  minRepairWaitTimeMins: Type.Integer({ minimum: 1, maximum: 10080 }),
  repairAction: Type.Union((['Replace', 'Reboot', 'NoAction'] as const).map((action) => Type.Literal(action))),
})
export type NodeRepairOverride = {
  nodeMonitoringCondition: string
  nodeUnhealthyReason: string
  minRepairWaitTimeMins: number
  repairAction: 'Replace' | 'Reboot' | 'NoAction'
}

/**
 * Repair of nodes that stay unhealthy; off unless `enabled`. Of each pair of count and percentage at most one is given:
 * more unhealthy nodes than the threshold, and nothing is repaired; so many at once are.
 */
export const NodeRepairConfig = Type.Object({
  enabled: Type.Boolean({ default: false }),
  maxUnhealthyNodeThresholdCount: Type.Optional(Type.Integer({ minimum: 1 })),
  maxUnhealthyNodeThresholdPercentage: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  maxParallelNodesRepairedCount: Type.Optional(Type.Integer({ minimum: 1 })),
  maxParallelNodesRepairedPercentage: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  nodeRepairConfigOverrides: Type.Optional(Type.Array(NodeRepairOverride, { maxItems: 50 })),
})
export type NodeRepairConfig = Omit<Type.Static<typeof NodeRepairConfig>, 'nodeRepairConfigOverrides'> & {
  nodeRepairConfigOverrides?: NodeRepairOverride[]
}

/**
 * The updates of EKS's that the spec was changed by last, of each type, in the same write as the change. Keepers finish
 * the Update object of this name when the group is what the spec says, or has failed to become so. Direct writers leave
 * them as they are.
 */
export const LastConfigUpdate = Type.Object({
  /** Name of the Update object. */
  id: Type.String({ minLength: 1, maxLength: 63 }),
})
export const LastVersionUpdate = Type.Object({
  /** Another one asks anew for a version that could not be reached. */
  id: Type.String({ minLength: 1, maxLength: 63 }),
  /**
   * What cannot be evicted from a node in 15 minutes ends with the node. Otherwise the update fails there with
   * PodEvictionFailure.
   */
  force: Type.Boolean({ default: false }),
})

/** What somebody wants of a managed node group. Members that EKS has carry EKS's names and values. */
export const NodeGroupSpec = Type.Object({
  clusterName: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: '^[0-9A-Za-z][A-Za-z0-9\\-_]*$',
    description: 'EKS name of the cluster, in the same namespace. It cannot be changed, and can be selected on.',
  }),
  nodegroupName: Type.String({
    minLength: 1,
    maxLength: 63,
    pattern: '^[0-9A-Za-z][A-Za-z0-9\\-_]*$',
    description:
      'metadata.name is derived from clusterName.nodegroupName. It cannot be changed, and can be selected on.',
  }),
  version: Type.String({
    pattern: '^1\\.[1-9][0-9]+$',
    description: 'Kubernetes minor of the nodes, such as "1.37": the cluster\'s, or up to three older.',
  }),
  releaseVersion: Type.String({
    maxLength: 32,
    pattern: '^1\\.[1-9][0-9]+\\.[0-9]+-[0-9]{8}$',
    description: 'Node bundle, such as 1.37.2-20261125: the newest of the version when not given.',
  }),
  scalingConfig: Type.Object(NodeGroupScaling.properties, {
    default: { minSize: 1, maxSize: 2, desiredSize: 2 },
    description: 'How many nodes there are to be: minSize <= desiredSize <= maxSize.',
  }),
  instanceTypes: Type.Array(Type.String({ minLength: 1, maxLength: 32 }), {
    minItems: 1,
    maxItems: 20,
    default: ['t3.medium'],
    description: 'Names of EC2 for sizes of machines, the preferred first. It cannot be changed.',
  }),
  diskSize: Type.Integer({
    minimum: 1,
    maximum: 16384,
    default: 20,
    description: "Size of each node's disk in GiB. It cannot be changed.",
  }),
  capacityType: Type.Union([Type.Literal('ON_DEMAND'), Type.Literal('SPOT')], {
    default: 'ON_DEMAND',
    description: 'Told by the label eks.amazonaws.com/capacityType. It cannot be changed.',
  }),
  labels: Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 63 }), {
    maxProperties: 50,
    default: {},
    description: 'Labels of the nodes.',
  }),
  taints: Type.Array(NodeTaint, { maxItems: 50, default: [], description: 'Taints of the nodes.' }),
  updateConfig: Type.Object(NodeGroupUpdateConfig.properties, {
    default: { maxUnavailable: 1, updateStrategy: 'DEFAULT' },
    description: 'How many nodes a version update may take away at once, and what comes first.',
  }),
  nodeRepairConfig: Type.Object(NodeRepairConfig.properties, {
    default: { enabled: false },
    description: 'Repair of nodes that stay unhealthy.',
  }),
  updatePaused: Type.Boolean({
    default: false,
    description: 'While it is true, a version update replaces no further node; what it has begun with a node is ended.',
  }),
  lastConfigUpdate: Type.Optional(LastConfigUpdate),
  lastVersionUpdate: Type.Optional(LastVersionUpdate),
  nodeRole: Type.Optional(Type.String({ maxLength: 2048, description: KEPT })),
  subnets: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64, description: KEPT })),
  tags: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 256 }), { maxProperties: 50, description: KEPT }),
  ),
  creator: Type.Optional(
    Type.String({ maxLength: 2048, description: 'Who made it: set from the request, whatever is given, for good.' }),
  ),
  clientRequestToken: Type.Optional(
    Type.String({ maxLength: 256, description: 'Idempotency token of the CreateNodegroup that made it.' }),
  ),
  requestDigest: Type.Optional(
    Type.String({ maxLength: 128, description: 'Of what was asked for together with clientRequestToken.' }),
  ),
})
export type NodeGroupSpec = Omit<
  Type.Static<typeof NodeGroupSpec>,
  'scalingConfig' | 'updateConfig' | 'nodeRepairConfig' | 'taints'
> & {
  scalingConfig: NodeGroupScaling
  updateConfig: NodeGroupUpdateConfig
  nodeRepairConfig: NodeRepairConfig
  taints: NodeTaint[]
}

const PHASES = ['CREATING', 'ACTIVE', 'UPDATING', 'DELETING', 'CREATE_FAILED', 'DELETE_FAILED', 'DEGRADED'] as const

/**
 * EKS's word for where a node group stands; keepers alone write it, and an object without one is CREATING.
 *
 * - CREATING: until all nodes that are desired were Ready once: then ACTIVE. Where that cannot be (a node that never
 *   joins, no room for a machine): CREATE_FAILED, with an issue that says why.
 * - CREATE_FAILED is final, as in EKS: it is deleted, and made anew. What was made stays until then, to be looked at.
 * - ACTIVE: the nodes are what the spec says, or repair within the budget is making them so.
 * - UPDATING: from when the spec was changed (by an update of EKS's or directly) until the nodes are what it says, or the
 *   update has failed. A failed update leads back to ACTIVE (or DEGRADED) with nodes of the version before, and its
 *   Update says why. What failed is not tried again until another version, or a version update by another id, asks for it.
 * - DEGRADED: it was ACTIVE once, and keepers cannot make it what the spec says: `health.issues` says why. It leaves it by
 *   itself when they can again. As EKS's waiters ask: a group that is being made is never DEGRADED.
 * - DELETING: from `metadata.deletionTimestamp` on, in any phase, until no machine is left: then the finalizer goes.
 * - DELETE_FAILED: machines cannot be removed for long, with an issue that names the blocker. Keepers go on trying.
 */
export const NodeGroupPhase = Type.Union(PHASES.map((phase) => Type.Literal(phase)))
export type NodeGroupPhase = (typeof PHASES)[number]

const NODE_STATES = ['Pending', 'Booting', 'Joined', 'Draining', 'Repairing', 'Removing'] as const

/** One node, as coarse as a person wants it: written when `state` or `ready` changes, never per heartbeat. */
export const NodeStatus = Type.Object({
  /** Of the machine and of the Node in the cluster. */
  name: Type.String({ maxLength: 63 }),
  zone: Type.String({ maxLength: 16 }),
  instanceType: Type.String({ maxLength: 32 }),
  releaseVersion: Type.String({ maxLength: 32 }),
  /**
   * What the keeper does with it. `Pending`: its machine is not there yet. `Booting`: the machine is, the cluster does not
   * know the node yet. `Joined`: nothing. `Draining`: pods leave it. `Repairing`: it is rebooted, or about to be replaced.
   * `Removing`: its machine goes.
   */
  state: Type.Union(NODE_STATES.map((state) => Type.Literal(state))),
  /** Whether the condition Ready of the Node is True. */
  ready: Type.Boolean(),
  /** Since when both are so (RFC 3339). */
  since: Type.String({ maxLength: 40 }),
  /** What is wrong with it, or what it waits for, in a sentence. */
  message: Type.Optional(Type.String({ maxLength: 1024 })),
})
export type NodeStatus = Omit<Type.Static<typeof NodeStatus>, 'state'> & { state: (typeof NODE_STATES)[number] }

/** What keepers saw of a node group. */
export const NodeGroupStatus = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
  phase: Type.Optional(NodeGroupPhase),
  version: Type.Optional(
    Type.String({
      maxLength: 32,
      description:
        'Minor of the nodes: the one of the spec once no node of another is left, and the one before until then.',
    }),
  ),
  releaseVersion: Type.Optional(Type.String({ maxLength: 32, description: 'The same of the node bundle.' })),
  nodeCount: Type.Optional(Type.Integer({ minimum: 0, description: 'All nodes, those that come and go included.' })),
  readyCount: Type.Optional(Type.Integer({ minimum: 0, description: 'Nodes of which the condition Ready is True.' })),
  nodes: Type.Optional(
    Type.Array(NodeStatus, {
      maxItems: 128,
      description: 'The nodes, by name; of more than 128, those that are not Joined and ready come first.',
    }),
  ),
  health: Type.Optional(Type.Object({ issues: Type.Array(HealthIssue, { maxItems: 64 }) })),
  conditions: Type.Optional(Type.Array(Condition, { maxItems: 32 })),
})
export type NodeGroupStatus = Omit<Type.Static<typeof NodeGroupStatus>, 'phase' | 'nodes'> & {
  phase?: NodeGroupPhase
  nodes?: NodeStatus[]
}
