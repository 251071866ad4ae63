import type { Cluster, ClusterPhase, NodeGroup, NodeGroupPhase } from '@evenkeel/contract/kinds'
import type { Clock, Gauge, Informer, Metrics } from '@evenkeel/kernel'
import { phaseOf } from './cluster-view.ts'
import { nodeGroupPhaseOf } from './node-group-view.ts'

const PHASES: readonly ClusterPhase[] = ['PENDING', 'CREATING', 'ACTIVE', 'UPDATING', 'DELETING', 'FAILED']
const NODE_GROUP_PHASES: readonly NodeGroupPhase[] = [
  'CREATING',
  'ACTIVE',
  'UPDATING',
  'DEGRADED',
  'DELETING',
  'CREATE_FAILED',
  'DELETE_FAILED',
]

/** How many clusters and node groups there are by status, and how old the view of the home is. */
export class ClusterMetrics {
  readonly #clusters: Informer<Cluster>
  readonly #nodeGroups: Informer<NodeGroup>
  readonly #clock: Clock
  readonly #counts: Gauge<'status'>
  readonly #nodeGroupCounts: Gauge<'status'>
  readonly #staleness: Gauge

  constructor(
    metrics: Metrics,
    seen: { readonly clusters: Informer<Cluster>; readonly nodeGroups: Informer<NodeGroup>; readonly clock: Clock },
  ) {
    const { clusters, nodeGroups, clock } = seen
    this.#clusters = clusters
    this.#nodeGroups = nodeGroups
    this.#clock = clock
    this.#counts = metrics.gauge('evenkeel_eks_clusters_items', 'Clusters by EKS status.', ['status'])
    const ofGroups = 'Node groups by EKS status.'
    this.#nodeGroupCounts = metrics.gauge('evenkeel_eks_nodegroups_items', ofGroups, ['status'])
    const help = 'For how long the home has not been heard of; 0 while it is watched.'
    this.#staleness = metrics.gauge('evenkeel_eks_home_staleness_seconds', help, [])
  }

  /** To be called before metrics are read: nothing is counted while nobody looks. */
  refresh(): void {
    count(this.#counts, PHASES, this.#clusters.list().map(phaseOf))
    count(this.#nodeGroupCounts, NODE_GROUP_PHASES, this.#nodeGroups.list().map(nodeGroupPhaseOf))
    const since = this.#clusters.staleSince()
    this.#staleness.set(since === undefined ? 0 : Math.max(0, this.#clock.now() - since) / 1000)
  }
}

/** Each phase has a figure, 0 too. */
function count(gauge: Gauge<'status'>, phases: readonly string[], found: readonly string[]): void {
  for (const status of phases) gauge.set({ status }, found.filter((phase) => phase === status).length)
}
