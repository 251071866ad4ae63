import type { Cluster, ClusterPhase } from '@evenkeel/contract/kinds'
import type { Clock, Gauge, Informer, Metrics } from '@evenkeel/kernel'
import { phaseOf } from './cluster-view.ts'

const PHASES: readonly ClusterPhase[] = ['PENDING', 'CREATING', 'ACTIVE', 'UPDATING', 'DELETING', 'FAILED']

/** How many clusters there are by status, and how old the view of the home is. */
export class ClusterMetrics {
  readonly #clusters: Informer<Cluster>
  readonly #clock: Clock
  readonly #counts: Gauge<'status'>
  readonly #staleness: Gauge

  constructor(metrics: Metrics, { clusters, clock }: { readonly clusters: Informer<Cluster>; readonly clock: Clock }) {
    this.#clusters = clusters
    this.#clock = clock
    this.#counts = metrics.gauge('evenkeel_eks_clusters_items', 'Clusters by EKS status.', ['status'])
    const help = 'For how long the home has not been heard of; 0 while it is watched.'
    this.#staleness = metrics.gauge('evenkeel_eks_home_staleness_seconds', help, [])
  }

  /** To be called before metrics are read: nothing is counted while nobody looks. */
  refresh(): void {
    const byPhase = new Map(PHASES.map((phase) => [phase, 0]))
    for (const cluster of this.#clusters.list()) {
      const phase = phaseOf(cluster)
      byPhase.set(phase, (byPhase.get(phase) ?? 0) + 1)
    }
    for (const [status, count] of byPhase) this.#counts.set({ status }, count)
    const since = this.#clusters.staleSince()
    this.#staleness.set(since === undefined ? 0 : Math.max(0, this.#clock.now() - since) / 1000)
  }
}
