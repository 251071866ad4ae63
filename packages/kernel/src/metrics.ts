import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, Registry }

/** `evenkeel_<subsystem>_<noun>_<unit>`, such as `evenkeel_reconcile_duration_seconds`. */
const NAME = /^evenkeel(_[a-z0-9]+){2,}_(seconds|bytes|total|items|ratio|info|timestamp_seconds|state)$/

/** The metrics of one process. One for each process and each test: nothing is global. */
export class Metrics {
  readonly registry = new Registry()

  /** A value that only grows; its name ends in `_total`. The same name gives the same counter. */
  counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return this.#known<Counter<Label>>(name) ?? new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> {
    return this.#known<Gauge<Label>>(name) ?? new Gauge({ name, help, labelNames, registers: [this.registry] })
  }

  histogram<Label extends string>(
    name: string,
    help: string,
    options: { readonly labelNames: readonly Label[]; readonly buckets: readonly number[] },
  ): Histogram<Label> {
    const { labelNames, buckets } = options
    return (
      this.#known<Histogram<Label>>(name) ??
      new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] })
    )
  }

  /** The text format of Prometheus. */
  render(): Promise<string> {
    return this.registry.metrics()
  }

  #known<M>(name: string): M | undefined {
    if (!NAME.test(name)) {
      throw new Error(`metric "${name}" is not named evenkeel_<subsystem>_<noun>_<unit>: rename it`)
    }
    return this.registry.getSingleMetric(name) as M | undefined
  }
}

/** Seconds, from a pure turn in memory to one that waits for a slow API server. */
export const DURATION_BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60] as const
