import { clusterId, UPDATES, type Update } from '@evenkeel/contract/kinds'
import { type Clock, GONE, isNotFound, isUnavailable, type KubeClient, type Reconciler } from '@evenkeel/kernel'
import type { ClusterId, ClusterRecords } from '@evenkeel/substrate'
import {
  INTENT_RECORD,
  nodeGroupId,
  nodeGroupIntentRecord,
  parseIntent,
  parseNodeGroupIntent,
} from '../intent/index.ts'
import { readProgress } from '../node-group/index.ts'
import { planUpdate, type UpdateSnapshot, type UpdateStep } from './plan.ts'
import { type NodeGroupUpdateSnapshot, planNodeGroupUpdate } from './plan-node-group.ts'

export interface UpdatePorts {
  readonly client: KubeClient
  readonly clock: Clock
  readonly records: Pick<ClusterRecords, 'read'>
  /** Of a Cluster of that EKS name in that namespace; undefined where the home shows none. */
  clusterOf(namespace: string, clusterName: string): ClusterId | undefined
  /** By `namespace/name`. */
  get(key: string): Update | undefined
}

/** Completes updates. Key: `namespace/name` of an Update. */
export function updateReconciler(
  ports: UpdatePorts,
): Reconciler<string, UpdateSnapshot | NodeGroupUpdateSnapshot, UpdateStep> {
  return {
    name: 'update.complete',
    async observe(key) {
      const update = ports.get(key)
      if (update === undefined) {
        return GONE
      }
      return update.spec.nodegroupName === undefined
        ? await observeClusterUpdate(update, ports)
        : await observeNodeGroupUpdate(update, ports)
    },
    plan: (snapshot) => ('intent' in snapshot ? planNodeGroupUpdate(snapshot) : planUpdate(snapshot)),
    conditions: () => [],
    async apply({ object, phase, errors }) {
      try {
        const patch = { status: { phase, ...(errors === undefined ? {} : { errors }) } }
        await ports.client.mergePatch(UPDATES, {
          ...object,
          subresource: 'status',
          patch,
          fieldManager: 'evenkeel-keeper',
        })
      } catch (error) {
        if (isUnavailable(error)) {
          const detail = error instanceof Error ? error.message : String(error)
          return { ok: false, reason: 'HomeUnavailable', detail, retry: 'backoff' }
        }
        if (!isNotFound(error)) {
          throw error
        }
      }
      return { ok: true }
    },
  }
}

async function observeClusterUpdate(update: Update, ports: UpdatePorts): Promise<UpdateSnapshot> {
  const owner = update.metadata.ownerReferences?.find(({ kind }) => kind === 'Cluster')
  const id = owner === undefined ? undefined : clusterId(owner.uid)
  const record = id === undefined ? undefined : await ports.records.read(id, INTENT_RECORD)
  const intent = id === undefined || record === undefined ? undefined : parseIntent(id, record)
  const acceptedSpec = intent?.kind === 'hosted' ? intent.spec : undefined
  return { nowMs: ports.clock.now(), update, acceptedSpec }
}

async function observeNodeGroupUpdate(update: Update, ports: UpdatePorts): Promise<NodeGroupUpdateSnapshot> {
  const { namespace = '', ownerReferences = [] } = update.metadata
  const owner = ownerReferences.find(({ kind }) => kind === 'NodeGroup')
  const cluster = ports.clusterOf(namespace, update.spec.clusterName)
  const nowMs = ports.clock.now()
  if (owner === undefined || cluster === undefined) {
    return { nowMs, update, intent: undefined, progress: undefined }
  }
  const group = nodeGroupId(owner.uid)
  const name = nodeGroupIntentRecord(group)
  const record = await ports.records.read(cluster, name)
  return {
    nowMs,
    update,
    intent: record === undefined ? undefined : parseNodeGroupIntent(cluster, name, record),
    progress: await readProgress(cluster, group, ports.records),
  }
}
