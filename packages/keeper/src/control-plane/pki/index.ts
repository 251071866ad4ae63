export type { Authority } from './authority.ts'
export { type AuthorityName, ClusterKeys, createClusterKeys } from './cluster-keys.ts'
export {
  areLeavesDue,
  issueCertificates,
  Leaf,
  type LeafPlan,
  LeafRequest,
  LeafSet,
  leafOf,
  nextExpiry,
} from './leaf-set.ts'
export { isDueForRenewal, type Validity } from './renewal.ts'
