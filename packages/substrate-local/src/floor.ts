/** Kept free on the disk of the volumes for the home and the records: 1 GiB. */
export const DEFAULT_FLOOR_BYTES = 2 ** 30

/** What EVENKEEL_FLOOR_BYTES sets, or 1 GiB. Throws where it is no number of bytes. */
export function floorBytesOf(environment: Readonly<Record<string, string | undefined>>): number {
  const given = environment['EVENKEEL_FLOOR_BYTES']
  if (given === undefined || given === '') return DEFAULT_FLOOR_BYTES
  const floorBytes = Number(given)
  if (!/^\d+$/.test(given) || !Number.isSafeInteger(floorBytes)) {
    throw new Error(
      `EVENKEEL_FLOOR_BYTES must be a number of bytes, such as ${DEFAULT_FLOOR_BYTES}, not ${JSON.stringify(given)}`,
    )
  }
  return floorBytes
}
