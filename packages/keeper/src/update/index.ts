import { clusterId, UPDATES, type Update } from '@evenkeel/contract/kinds'
import { type Clock, GONE, isNotFound, isUnavailable, type KubeClient, type Reconciler } from '@evenkeel/kernel'
import type { ClusterRecords } from '@evenkeel/substrate'
import { INTENT_RECORD, parseIntent } from '../intent/index.ts'
import { planUpdate, type UpdateSnapshot, type UpdateStep } from './plan.ts'

export interface UpdatePorts {
  readonly client: KubeClient
  readonly clock: Clock
  readonly records: Pick<ClusterRecords, 'read'>
  /** By `namespace/name`. */
  get(key: string): Update | undefined
}

/** Completes updates. Key: `namespace/name` of an Update. */
export function updateReconciler(ports: UpdatePorts): Reconciler<string, UpdateSnapshot, UpdateStep> {
  return {
    name: 'update.complete',
    async observe(key) {
      const update = ports.get(key)
      if (update === undefined) {
        return GONE
      }
      const owner = update.metadata.ownerReferences?.find(({ kind }) => kind === 'Cluster')
      const id = owner === undefined ? undefined : clusterId(owner.uid)
      const record = id === undefined ? undefined : await ports.records.read(id, INTENT_RECORD)
      const intent = id === undefined || record === undefined ? undefined : parseIntent(id, record)
      const acceptedSpec = intent?.kind === 'hosted' ? intent.spec : undefined
      return { nowMs: ports.clock.now(), update, acceptedSpec }
    },
    plan: planUpdate,
    conditions: () => [],
    async apply({ object, phase }) {
      try {
        const patch = { status: { phase } }
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
