import type { ClusterPhase, NodeGroupPhase } from '../kinds/index.ts'
import type { DeclaredFaultName } from './faults.ts'

/** Calls that change a cluster which exists. */
export type ClusterAction = 'DeleteCluster' | 'UpdateClusterConfig' | 'TagResource' | 'UntagResource'

/** `allowed`, or the fault that says no, and the reason as the end of a sentence that begins with the cluster's name. */
export type ActionAnswer = 'allowed' | { readonly fault: DeclaredFaultName; readonly reason: string }

const inUse = (reason: string): ActionAnswer => ({ fault: 'ResourceInUseException', reason })
const notNow = (reason: string): ActionAnswer => ({ fault: 'InvalidRequestException', reason })

/**
 * What may be done to a cluster in each phase.
 *
 * Differs from EKS on purpose in one point: a cluster may be deleted in every phase, CREATING and UPDATING included,
 * since the keeper can always take back what it has made, and nobody should wait for something that they no longer
 * want. Deleting a cluster that is DELETING already answers the same again.
 */
const TABLE: Readonly<Record<ClusterAction, Readonly<Record<ClusterPhase, ActionAnswer>>>> = {
  DeleteCluster: {
    PENDING: 'allowed',
    CREATING: 'allowed',
    ACTIVE: 'allowed',
    UPDATING: 'allowed',
    FAILED: 'allowed',
    DELETING: 'allowed',
  },
  UpdateClusterConfig: {
    PENDING: inUse('is still being created: wait until it is ACTIVE'),
    CREATING: inUse('is still being created: wait until it is ACTIVE'),
    ACTIVE: 'allowed',
    UPDATING: inUse('has an update in progress: wait until it is ACTIVE'),
    FAILED: notNow('is FAILED, which is final: delete it'),
    DELETING: inUse('is being deleted'),
  },
  TagResource: {
    PENDING: 'allowed',
    CREATING: 'allowed',
    ACTIVE: 'allowed',
    UPDATING: 'allowed',
    FAILED: 'allowed',
    DELETING: 'allowed',
  },
  UntagResource: {
    PENDING: 'allowed',
    CREATING: 'allowed',
    ACTIVE: 'allowed',
    UPDATING: 'allowed',
    FAILED: 'allowed',
    DELETING: 'allowed',
  },
}

/** Calls that change a node group which exists. */
export type NodeGroupAction = 'DeleteNodegroup' | 'UpdateNodegroup'

/**
 * What may be done to a node group in each phase. As with clusters, one may be deleted in every phase, and deleting it
 * again answers the same. A DEGRADED one may be updated: a smaller one, or one of another version, may be well.
 */
const NODE_GROUP_TABLE: Readonly<Record<NodeGroupAction, Readonly<Record<NodeGroupPhase, ActionAnswer>>>> = {
  DeleteNodegroup: {
    CREATING: 'allowed',
    ACTIVE: 'allowed',
    UPDATING: 'allowed',
    DEGRADED: 'allowed',
    CREATE_FAILED: 'allowed',
    DELETING: 'allowed',
    DELETE_FAILED: 'allowed',
  },
  UpdateNodegroup: {
    CREATING: inUse('is still being created: wait until it is ACTIVE'),
    ACTIVE: 'allowed',
    UPDATING: inUse('has an update in progress: wait until it is ACTIVE'),
    DEGRADED: 'allowed',
    CREATE_FAILED: notNow('is CREATE_FAILED, which is final: delete it, and make it anew'),
    DELETING: inUse('is being deleted'),
    DELETE_FAILED: inUse('is being deleted'),
  },
}

export function nodeGroupActionAnswer(action: NodeGroupAction, phase: NodeGroupPhase): ActionAnswer {
  return NODE_GROUP_TABLE[action][phase]
}

export function clusterActionAnswer(action: ClusterAction, phase: ClusterPhase): ActionAnswer {
  return TABLE[action][phase]
}

/** Phases in which deletion protection holds: as in EKS, those of a cluster that works. */
export function isProtectedPhase(phase: ClusterPhase): boolean {
  return phase === 'ACTIVE' || phase === 'UPDATING'
}
