import { accountNamespace, type Cluster, type NodeGroup, objectName, type Update } from '@evenkeel/contract/kinds'
import type { Release } from '@evenkeel/distribution/releases'
import type { Clock, Impersonation, KubeClient } from '@evenkeel/kernel'
import type { Caller } from '../http/index.ts'
import type { FreshView } from './fresh-view.ts'

/** What the operations need of the world. */
export interface EksContext {
  readonly region: string
  /** Of the home; writes impersonate the caller. */
  readonly client: KubeClient
  readonly clusters: FreshView<Cluster>
  readonly nodeGroups: FreshView<NodeGroup>
  readonly updates: FreshView<Update>
  /** Why the home may be unable to answer, as a sentence for the caller; undefined where nothing is known. */
  whyHomeFails(): Promise<string | undefined>
  /** All minors of Kubernetes that we know, oldest first. */
  readonly releases: readonly Release[]
  readonly clock: Clock
  /** How many clusters an account may have. */
  readonly clusterQuota: number
  /** Keys of clusters whose creation is under way in this process. */
  readonly creating: Set<string>
}

export function impersonation(caller: Caller): Impersonation {
  return { user: caller.arn, groups: caller.groups }
}

/** Where a cluster of the caller's account is in the home. */
export function clusterPlace(
  caller: Caller,
  clusterName: string,
): { readonly namespace: string; readonly name: string } {
  return { namespace: accountNamespace(caller.accountId), name: objectName(clusterName) }
}
