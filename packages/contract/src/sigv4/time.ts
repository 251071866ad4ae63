/** Milliseconds since the epoch as SigV4 writes them: `20261124T003512Z`. */
export function formatAmzDate(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

/** Milliseconds since the epoch; undefined for anything that is not such a time. */
export function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // February 30th is parsed as March 1st or 2nd: a time has one spelling.
  return Number.isNaN(ms) || formatAmzDate(ms) !== text ? undefined : ms
}

/** The day (UTC) of a time, as in the scope of a credential: `20261124`. */
export function signingDay(ms: number): string {
  return formatAmzDate(ms).slice(0, 8)
}
