import { type Cluster, clusterId, KEEPER_FINALIZER } from '@evenkeel/contract/kinds'
import { type ConditionDraft, GONE, type Gone, type Reconciler, type StepOutcome } from '@evenkeel/kernel'
import { type ClusterId, isFault, type Substrate } from '@evenkeel/substrate'
import { intentConditions, type RefusedStatus, refusedStatus } from './conditions.ts'
import { type HomeObjects, writeFinalizers } from './home-objects.ts'
import { planIntent } from './plan.ts'
import { type HostedIntent, INTENT_RECORD, intentOf, parseIntent, serializeIntent } from './record.ts'
import type { IntentSnapshot, IntentStep } from './snapshot.ts'

export interface IntentPorts {
  readonly substrate: Pick<Substrate, 'records' | 'instances' | 'volumes' | 'network'>
  readonly home: HomeObjects<Cluster>
  /** The intent of a cluster has changed. */
  accepted(id: ClusterId): void
  /** An object was looked at: what is not as it should be, and all of its status where it is none of ours. To return at once. */
  told(
    snapshot: Pick<IntentSnapshot, 'id' | 'object' | 'uid'>,
    told: { readonly conditions: readonly ConditionDraft[]; readonly refused: RefusedStatus | undefined },
  ): void
}

/** Keeps the records of accepted intent in step with the home. Key: `namespace/name` of a Cluster. */
export function intentReconciler(ports: IntentPorts): Reconciler<string, IntentSnapshot, IntentStep> {
  return {
    name: 'intent.mirror',
    observe: (key) => observeIntent(key, ports),
    plan: (snapshot) => planIntent(snapshot, { finalizer: KEEPER_FINALIZER }),
    conditions: () => [],
    apply: (step) => applyIntent(step, ports),
    report: async (_key, snapshot) => {
      ports.told(snapshot, { conditions: intentConditions(snapshot), refused: refusedStatus(snapshot) })
    },
  }
}

async function observeIntent(key: string, ports: IntentPorts): Promise<IntentSnapshot | Gone> {
  const object = ports.home.get(key)
  const uid = object?.metadata.uid
  if (object === undefined || uid === undefined) {
    return GONE
  }
  const id = clusterId(uid)
  const record = await ports.substrate.records.read(id, INTENT_RECORD)
  const deleting = object.metadata.deletionTimestamp !== undefined
  const { namespace = '', name, generation = 0 } = object.metadata
  return {
    id,
    object: { namespace, name },
    uid,
    generation,
    asked: intentOf(object),
    finalizers: object.metadata.finalizers ?? [],
    resourceVersion: object.metadata.resourceVersion ?? '',
    deleting,
    recorded: record === undefined ? undefined : hosted(id, record),
    // Four questions, asked only when the answer decides.
    hasRemains: deleting && record === undefined ? await hasRemains(id, ports) : true,
  }
}

function hosted(id: ClusterId, record: string): HostedIntent {
  const intent = parseIntent(id, record)
  if (intent.kind !== 'hosted') {
    throw new Error(
      `record ${id}/${INTENT_RECORD} is that of a home, not of a hosted cluster: remove the folder that does not belong there`,
    )
  }
  return intent
}

async function hasRemains(id: ClusterId, { substrate }: IntentPorts): Promise<boolean> {
  const [instances, volumes, networks, records] = await Promise.all([
    substrate.instances.observe(id),
    substrate.volumes.observe(id),
    substrate.network.clusters(),
    substrate.records.clusters(),
  ])
  return instances.length > 0 || volumes.length > 0 || networks.includes(id) || records.includes(id)
}

async function applyIntent(step: IntentStep, ports: IntentPorts): Promise<StepOutcome> {
  if (step.kind === 'WriteIntent') {
    try {
      await ports.substrate.records.write(step.id, INTENT_RECORD, serializeIntent(step.intent))
    } catch (error) {
      // A full disk: nothing has been begun for this cluster, and nothing is until it can be written down.
      if (isFault(error)) {
        return { ok: false, reason: error.code, detail: error.message, retry: 'backoff' }
      }
      throw error
    }
    ports.accepted(step.id)
    return { ok: true }
  }
  return await writeFinalizers(ports.home, step)
}
