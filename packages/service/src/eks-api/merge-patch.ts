/** The JSON merge patch (RFC 7396) from one structure to another; undefined where they are the same. */
export function mergePatchOf(before: object, after: object): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {}
  for (const [member, value] of Object.entries(after)) {
    const old = (before as Record<string, unknown>)[member]
    if (isRecord(old) && isRecord(value)) {
      const inner = mergePatchOf(old, value)
      if (inner !== undefined) patch[member] = inner
    } else if (JSON.stringify(old) !== JSON.stringify(value)) {
      patch[member] = value
    }
  }
  for (const member of Object.keys(before)) if (!Object.hasOwn(after, member)) patch[member] = null
  return Object.keys(patch).length === 0 ? undefined : patch
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
