export { type Authority, AuthoritySchema, createAuthority, expiryOf } from './authority.ts'
export { authoritiesEnd, ClusterKeys, createClusterKeys } from './cluster-keys.ts'
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
