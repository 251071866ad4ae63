import type { Histogram, Metrics } from '@evenkeel/kernel'

export interface ObservedRequest {
  /** Name of the operation; `Unknown` where there is none. */
  readonly operation: string
  /** `Success` or the name of the fault. */
  readonly code: string
  readonly durationSeconds: number
}

/** Finer than the kernel's buckets around the 20 ms that most reads stay under. */
const BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10, 60]

/** How long calls of the EKS API take, by operation and outcome. */
export class RequestMetrics {
  readonly #durations: Histogram<'operation' | 'code'>

  constructor(metrics: Metrics) {
    this.#durations = metrics.histogram(
      'evenkeel_eks_request_duration_seconds',
      'Time to answer a call of the EKS API.',
      {
        labelNames: ['operation', 'code'],
        buckets: BUCKETS_SECONDS,
      },
    )
  }

  observe({ operation, code, durationSeconds }: ObservedRequest): void {
    this.#durations.observe({ operation, code }, durationSeconds)
  }
}
