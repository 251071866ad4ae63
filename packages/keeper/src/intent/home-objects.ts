import type { KubeObject } from '@evenkeel/contract/kinds'
import {
  type Informer,
  isConflict,
  isNotFound,
  isUnavailable,
  type KubeClient,
  keyOfName,
  type ResourceRef,
  type StepOutcome,
} from '@evenkeel/kernel'
import type { IntentStep } from './snapshot.ts'

/** Objects of one kind in the home, and the one thing that is written to them here. */
export interface HomeObjects<Object extends KubeObject> {
  /** By `namespace/name`; as the API server said, never from an older copy. */
  get(key: string): Object | undefined
  /** Throws a conflict when the object is no longer at `resourceVersion`. */
  setFinalizers(step: Extract<IntentStep, { kind: 'SetFinalizers' }>): Promise<void>
}

/** As an informer sees them. */
export function homeObjects<Object extends KubeObject>(
  client: KubeClient,
  resource: ResourceRef,
  informer: Informer<Object>,
): HomeObjects<Object> {
  /** What a write answered, until the informer has caught up with it: else the same write would be planned again. */
  const written = new Map<string, { readonly before: string; readonly after: Object }>()
  return {
    get(key) {
      if (informer.synced !== 'live') {
        return undefined
      }
      const seen = informer.getByKey(key)
      const own = written.get(key)
      if (own === undefined) {
        return seen
      }
      if (seen?.metadata.resourceVersion === own.before) {
        return own.after
      }
      written.delete(key)
      return seen
    },
    async setFinalizers({ object, resourceVersion, finalizers }) {
      const metadata = { resourceVersion, finalizers }
      const options = { ...object, patch: { metadata }, fieldManager: 'evenkeel-keeper' }
      const after = await client.mergePatch<Object>(resource, options)
      written.set(keyOfName(object.namespace, object.name), { before: resourceVersion, after })
    },
  }
}

/** Does the step; what the home refuses is an answer, the rest is thrown. */
export async function writeFinalizers(
  home: Pick<HomeObjects<KubeObject>, 'setFinalizers'>,
  step: Extract<IntentStep, { kind: 'SetFinalizers' }>,
): Promise<StepOutcome> {
  try {
    await home.setFinalizers(step)
    return { ok: true }
  } catch (error) {
    if (isNotFound(error)) {
      // Gone already: the next look says so.
      return { ok: true }
    }
    const detail = error instanceof Error ? error.message : String(error)
    if (isConflict(error)) {
      return { ok: false, reason: 'Conflict', detail, retry: 'soon' }
    }
    if (isUnavailable(error)) {
      return { ok: false, reason: 'HomeUnavailable', detail, retry: 'backoff' }
    }
    throw error
  }
}
