import { DURATION_BUCKETS_SECONDS, type Metrics } from './metrics.ts'

/** What is counted of one reconciler. */
export class ReconcileMetrics {
  readonly #reconciler: string
  readonly #durations
  readonly #steps
  readonly #depth

  constructor(metrics: Metrics, reconciler: string) {
    this.#reconciler = reconciler
    this.#durations = metrics.histogram('evenkeel_reconcile_duration_seconds', 'Length of turns of reconcilers', {
      labelNames: ['reconciler', 'outcome'],
      buckets: DURATION_BUCKETS_SECONDS,
    })
    this.#steps = metrics.counter('evenkeel_reconcile_steps_total', 'Steps that reconcilers have applied', [
      'reconciler',
      'kind',
      'outcome',
    ])
    this.#depth = metrics.gauge('evenkeel_reconcile_queue_items', 'Objects that wait for a turn', ['reconciler'])
    this.depth(0)
  }

  turn(outcome: string, durationSeconds: number): void {
    this.#durations.observe({ reconciler: this.#reconciler, outcome }, durationSeconds)
  }

  step(kind: string, outcome: 'applied' | 'refused' | 'failed'): void {
    this.#steps.inc({ reconciler: this.#reconciler, kind, outcome })
  }

  depth(depth: number): void {
    this.#depth.set({ reconciler: this.#reconciler }, depth)
  }
}
