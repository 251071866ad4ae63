import type { BenchInstallation } from './installation.ts'

/** One number against the bound that it has to keep. */
export interface Measurement {
  readonly name: string
  /** What is measured, and against what, in one line. */
  readonly says: string
  readonly value: number
  readonly unit: 'to one' | 'MB' | 'ms' | 'errors' | 'writes a second'
  readonly atMost: number
  /** What the value was computed from: single runs, with units in the names. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface Bench {
  /** For state of a figure's own; removed at the end. */
  readonly scratch: string
  readonly signal: AbortSignal
  /** Absolute path of an upstream program's executable. */
  readonly binaryOf: (program: { readonly name: string; readonly version: string }) => string
  /** The default release: exact versions, such as `v1.37.2`. */
  readonly versions: { readonly kubernetes: string; readonly etcd: string }
  /** One line for whoever waits. */
  tell(line: string): void
  /** A running installation without a cluster, shared by all figures of a run. */
  installation(): Promise<BenchInstallation>
}

/** Something that is measured. It stops what it has started, whatever happens. */
export interface Figure {
  readonly name: string
  readonly says: string
  run(bench: Bench): Promise<readonly Measurement[]>
}

/** Of an odd number of values the one in the middle, of an even number the mean of the two there. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN
  return (low + high) / 2
}

/** To three digits after the point. */
export function ratio(value: number, baseline: number): number {
  return Math.round((value / baseline) * 1000) / 1000
}
