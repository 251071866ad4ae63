import { CLUSTERS, type Cluster } from '@evenkeel/contract/kinds'
import { type Informer, type KubeClient, keyOfName } from '@evenkeel/kernel'
import type { IntentPorts } from './reconciler.ts'

/** The Cluster objects of the home, as an informer sees them, and the one thing that is written to them here. */
export function homeClusters(client: KubeClient, informer: Informer<Cluster>): IntentPorts['home'] {
  /** What a write answered, until the informer has caught up with it: else the same write would be planned again. */
  const written = new Map<string, { readonly before: string; readonly after: Cluster }>()
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
      const after = await client.mergePatch<Cluster>(CLUSTERS, options)
      written.set(keyOfName(object.namespace, object.name), { before: resourceVersion, after })
    },
  }
}
