import { createHash } from 'node:crypto'

/** The same for calls that ask for the same, whatever the order of their members; the idempotency token is left out. */
export function requestDigest(input: object): string {
  const { clientRequestToken: _, ...asked } = input as { clientRequestToken?: string }
  return createHash('sha256').update(canonicalJson(asked)).digest('hex')
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
