/** Flags in the order of their names, so that two renderings can be compared by eye. */
export function flagsText(
  flags: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string[] {
  return Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `--${name}=${Array.isArray(value) ? value.join(',') : String(value)}`)
}
