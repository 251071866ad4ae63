import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Measurement } from './figure.ts'
import type { Load, Machine } from './machine.ts'

export interface FigureOutcome {
  readonly figure: string
  readonly seconds: number
  readonly loadBefore: Load
  readonly measurements: readonly Measurement[]
  /** Why it could not be measured. */
  readonly error?: string
}

export interface Results {
  /** RFC 3339. */
  readonly at: string
  /** Commit that was measured, `+` when files were changed since. */
  readonly revision: string
  readonly versions: { readonly kubernetes: string; readonly etcd: string }
  readonly machine: Machine
  readonly figures: readonly FigureOutcome[]
}

export function isKept({ value, atMost }: Measurement): boolean {
  return value <= atMost
}

/** Table for people. Pure. */
export function renderTable({ machine, versions, figures }: Results): string {
  const { processor, cores, memoryGib, kernel } = machine
  const rows = figures.flatMap(({ figure, measurements, error }) => [
    ...measurements.map((measurement) => [
      measurement.name,
      `${measurement.value} ${measurement.unit}`,
      `at most ${measurement.atMost}`,
      isKept(measurement) ? 'kept' : 'MISSED',
      measurement.says,
    ]),
    ...(error === undefined ? [] : [[figure, '', '', 'NOT MEASURED', error]]),
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  const loads = figures.map(
    ({ figure, loadBefore: load }) => `${figure} ${load.oneMinute} (${load.busyPercent} % busy)`,
  )
  return [
    `Kubernetes ${versions.kubernetes}, etcd ${versions.etcd}`,
    `${processor}, ${cores} cores, ${memoryGib} GiB, Linux ${kernel}; load before: ${loads.join(', ')}`,
    '',
    ...lines,
    '',
  ].join('\n')
}

/** Writes `<date>-<figures>.json`; a later run of the same figures on the same day replaces it. Answers the file's name. */
export function writeResults(folder: string, results: Results): string {
  mkdirSync(folder, { recursive: true })
  const name = `${results.at.slice(0, 10)}-${results.figures.map(({ figure }) => figure).join('-')}.json`
  writeFileSync(join(folder, name), `${JSON.stringify(results, undefined, 2)}\n`)
  return name
}
