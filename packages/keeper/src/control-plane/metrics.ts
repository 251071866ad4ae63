import { isDeepStrictEqual } from 'node:util'
import type { Metrics } from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'
import type { ControlPlaneReport } from './reconciler.ts'
import { type ControlPlanePhase, phaseOf } from './snapshot.ts'

/** From a create on an idle machine to the limit of a create. */
const CREATE_BUCKETS_SECONDS = [5, 7.5, 10, 15, 30, 60, 180, 900] as const

interface Counted {
  readonly phase: ControlPlanePhase
  readonly notReady: number
  readonly expirySeconds: number | undefined
}

/** Clusters by phase, members that are not ready, the next certificate to expire, and how long creates take. */
export class ControlPlaneMetrics {
  readonly #clusters
  readonly #notReady
  readonly #expiry
  readonly #create
  readonly #counted = new Map<ClusterId, Counted>()

  constructor(metrics: Metrics) {
    this.#clusters = metrics.gauge('evenkeel_keeper_clusters_items', 'Control planes by phase, the home included', [
      'phase',
    ])
    this.#notReady = metrics.gauge('evenkeel_keeper_members_not_ready_items', 'Members that do not answer', [])
    this.#expiry = metrics.gauge(
      'evenkeel_keeper_certificate_expiry_timestamp_seconds',
      'When the first certificate of any control plane expires',
      [],
    )
    this.#create = metrics.histogram('evenkeel_keeper_create_duration_seconds', 'From acceptance to ACTIVE', {
      labelNames: [],
      buckets: CREATE_BUCKETS_SECONDS,
    })
    this.#show()
  }

  observe({ snapshot, status }: ControlPlaneReport): void {
    const { id, leaves, intent, nowMs } = snapshot
    const phase = phaseOf(snapshot)
    if (this.#counted.get(id)?.phase === 'CREATING' && phase === 'ACTIVE') {
      this.#create.observe((nowMs - Date.parse(intent.acceptedAt)) / 1000)
    }
    const notReady = (status.members ?? []).filter((member) => member.state !== 'Ready').length
    const expirySeconds = leaves === undefined ? undefined : Date.parse(leaves.nextExpiry) / 1000
    const counted = { phase, notReady, expirySeconds }
    // Sums are over all control planes, and most looks find what the last one found.
    if (!isDeepStrictEqual(this.#counted.get(id), counted)) {
      this.#counted.set(id, counted)
      this.#show()
    }
  }

  forget(id: ClusterId): void {
    this.#counted.delete(id)
    this.#show()
  }

  #show(): void {
    const all = [...this.#counted.values()]
    for (const phase of ['CREATING', 'ACTIVE', 'FAILED', 'DELETING'] as const) {
      this.#clusters.set({ phase }, all.filter((one) => one.phase === phase).length)
    }
    const kept = all.filter(({ phase }) => phase === 'ACTIVE')
    this.#notReady.set(kept.reduce((sum, { notReady }) => sum + notReady, 0))
    const expiries = all.flatMap(({ expirySeconds }) => expirySeconds ?? [])
    if (expiries.length > 0) {
      this.#expiry.set(Math.min(...expiries))
    }
  }
}
