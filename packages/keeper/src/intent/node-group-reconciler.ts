import { KEEPER_FINALIZER, type NodeGroup } from '@evenkeel/contract/kinds'
import { GONE, type Gone, type Reconciler, type StepOutcome } from '@evenkeel/kernel'
import { type ClusterId, type ClusterRecords, isFault } from '@evenkeel/substrate'
import { type HomeObjects, writeFinalizers } from './home-objects.ts'
import { type NodeGroupIntentSnapshot, type NodeGroupIntentStep, planNodeGroupIntent } from './node-group-plan.ts'
import {
  type NodeGroupId,
  nodeGroupId,
  nodeGroupIntentOf,
  nodeGroupIntentRecord,
  parseNodeGroupIntent,
  serializeNodeGroupIntent,
} from './node-group-record.ts'
import { INTENT_RECORD, parseIntent } from './record.ts'

export interface NodeGroupIntentPorts {
  readonly records: ClusterRecords
  readonly home: HomeObjects<NodeGroup>
  /** Of a Cluster of that EKS name in that namespace, as the home shows it; undefined where it shows none. */
  clusterOf(namespace: string, clusterName: string): ClusterId | undefined
  /** The intent of a node group has changed. */
  accepted(cluster: ClusterId, group: NodeGroupId): void
}

/** Keeps the records of accepted node groups in step with the home. Key: `namespace/name` of a NodeGroup. */
export function nodeGroupIntentReconciler(
  ports: NodeGroupIntentPorts,
): Reconciler<string, NodeGroupIntentSnapshot, NodeGroupIntentStep> {
  return {
    name: 'intent.node-groups',
    observe: (key) => observe(key, ports),
    plan: (snapshot) => planNodeGroupIntent(snapshot, { finalizer: KEEPER_FINALIZER }),
    conditions: () => [],
    apply: (step) => apply(step, ports),
  }
}

async function observe(key: string, ports: NodeGroupIntentPorts): Promise<NodeGroupIntentSnapshot | Gone> {
  const object = ports.home.get(key)
  const uid = object?.metadata.uid
  if (object === undefined || uid === undefined) {
    return GONE
  }
  const { namespace = '', name, generation = 0, finalizers = [], resourceVersion = '' } = object.metadata
  const id = nodeGroupId(uid)
  const shown = ports.clusterOf(namespace, object.spec.clusterName)
  // A cluster that the home does not show may still be on record, with its node groups.
  const clusters = shown === undefined ? await ports.records.clusters() : [shown]
  const found = await Promise.all(
    clusters.map(async (cluster) => ({ cluster, ...(await recordOf(cluster, id, ports)) })),
  )
  const own = found.find(({ recorded }) => recorded !== undefined) ?? found.find(({ cluster }) => cluster === shown)
  return {
    id,
    object: { namespace, name },
    uid,
    generation,
    asked: nodeGroupIntentOf(object),
    finalizers,
    resourceVersion,
    deleting: object.metadata.deletionTimestamp !== undefined,
    recorded: own?.recorded,
    cluster: own?.intent === undefined ? undefined : { id: own.cluster, deleting: own.intent.deleting },
  }
}

async function recordOf(cluster: ClusterId, id: NodeGroupId, { records }: NodeGroupIntentPorts) {
  const name = nodeGroupIntentRecord(id)
  const content = await records.read(cluster, name)
  const clusterRecord = await records.read(cluster, INTENT_RECORD)
  const intent = clusterRecord === undefined ? undefined : parseIntent(cluster, clusterRecord)
  return {
    recorded: content === undefined ? undefined : parseNodeGroupIntent(cluster, name, content),
    intent: intent?.kind === 'hosted' ? intent : undefined,
  }
}

async function apply(step: NodeGroupIntentStep, ports: NodeGroupIntentPorts): Promise<StepOutcome> {
  if (step.kind === 'SetFinalizers') {
    return await writeFinalizers(ports.home, step)
  }
  const { cluster, id, intent } = step
  try {
    await ports.records.write(cluster, nodeGroupIntentRecord(id), serializeNodeGroupIntent(intent))
  } catch (error) {
    if (isFault(error)) {
      return { ok: false, reason: error.code, detail: error.message, retry: 'backoff' }
    }
    throw error
  }
  ports.accepted(cluster, id)
  return { ok: true }
}
