import { serviceRights } from '@evenkeel/contract/kinds'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, type KubeClient } from '@evenkeel/kernel'

/** Lets the service install itself. `client` is the home's administrator. Idempotent. */
export async function grantServiceRights(client: KubeClient): Promise<void> {
  for (const object of serviceRights()) {
    const resource = object.kind === 'ClusterRole' ? CLUSTER_ROLES : CLUSTER_ROLE_BINDINGS
    await client.apply(resource, object, { fieldManager: 'evenkeel-keeper', force: true })
  }
}
