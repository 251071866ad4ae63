import type { ClusterSpec, ClusterStatus } from './cluster.ts'
import type { NodeGroupSpec, NodeGroupStatus } from './node-group.ts'
import type { UpdateSpec, UpdateStatus } from './update.ts'
import type { UserSpec } from './user.ts'

/** API group and version of everything that is ours in the home. */
export const GROUP = 'evenkeel.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`

/** Held by keepers until nothing of a cluster, or of a node group, is left on its substrate. */
export const KEEPER_FINALIZER = 'evenkeel.dev/keeper'

/** What an object goes with. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
}

/** The part of ObjectMeta that we read. Times are RFC 3339. */
export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  generation?: number
  resourceVersion?: string
  creationTimestamp?: string
  deletionTimestamp?: string
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

export interface Cluster extends KubeObject {
  kind: 'Cluster'
  spec: ClusterSpec
  status?: ClusterStatus
}

export interface NodeGroup extends KubeObject {
  kind: 'NodeGroup'
  spec: NodeGroupSpec
  status?: NodeGroupStatus
}

export interface Update extends KubeObject {
  kind: 'Update'
  spec: UpdateSpec
  status?: UpdateStatus
}

export interface User extends KubeObject {
  kind: 'User'
  spec: UserSpec
}
