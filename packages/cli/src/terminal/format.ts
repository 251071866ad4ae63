/** Of an installation whose hosted clusters are simulated. */
export const SIMULATED_NOTE =
  'SIMULATED: hosted clusters are not there, nothing serves at their endpoints; for trying and measuring, never for use'

/** How a cluster with room for nodes is had, where there is one without. */
export const LOOPBACK_NOTE = 'a new cluster gets a network of its own where Evenkeel runs as root (./evenkeel doctor)'

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 2 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(ms, 0) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return joinUnits(Math.floor(whole / 60), 'min', whole % 60, 's')
  const minutes = Math.floor(whole / 60)
  if (minutes < 24 * 60) return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.floor(minutes / 60)
  return joinUnits(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

const BYTE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** `512 B`, `1.5 KiB`, `154 MiB`, `23 GiB`. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < 1024) return `${Math.round(bytes)} B`
  let value = bytes
  let unit = 'B'
  for (const next of BYTE_UNITS) {
    if (Math.abs(value) < 1024) break
    value /= 1024
    unit = next
  }
  return `${Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** `2026-11-24`, in UTC; what is not a time as it is. */
export function formatDate(time: string): string {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? time : new Date(ms).toISOString().slice(0, 10)
}

/** Columns as wide as their widest cell, two spaces between them, none at the end of a line. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
