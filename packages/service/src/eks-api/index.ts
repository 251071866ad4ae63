export { AccessChecks } from './access-checks.ts'
export { AccessMemory } from './access-memory.ts'
export { answerCalls } from './answer.ts'
export { ClusterMetrics } from './cluster-metrics.ts'
export type { EksContext } from './context.ts'
export { FreshView } from './fresh-view.ts'
export { CREATE_CLUSTER_RULES, type MemberRule, UPDATE_CLUSTER_CONFIG_RULES } from './member-rules.ts'
export {
  CREATE_NODEGROUP_RULES,
  UPDATE_NODEGROUP_CONFIG_RULES,
  UPDATE_NODEGROUP_VERSION_RULES,
} from './node-group-members.ts'
export { accessNeeds } from './operation-access.ts'
export { isOffered, OFFERED_OPERATIONS, type OfferedOperation } from './operations.ts'
export { keepUpdates } from './update-upkeep.ts'
