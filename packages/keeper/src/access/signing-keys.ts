import type { Secret } from '@evenkeel/kernel'
import Type from 'typebox'
import { Check } from 'typebox/value'

/** Where the copy of the home's signing keys is on record. */
export const SIGNING_KEYS_RECORD = { cluster: 'evenkeel', name: 'signing-keys.json' } as const

/** Keys by day (`20261124`), each 32 bytes in base64. */
const DayKeys = Type.Record(Type.String({ pattern: '^[0-9]{8}$' }), Type.String({ minLength: 44, maxLength: 44 }))
export type DayKeys = Type.Static<typeof DayKeys>

export const SigningKey = Type.Object({
  accessKeyId: Type.String({ pattern: '^[A-Za-z0-9]{16,128}$' }),
  principalArn: Type.String({ minLength: 1 }),
  days: DayKeys,
})
export type SigningKey = Type.Static<typeof SigningKey>

const SigningKeys = Type.Object({ keys: Type.Array(SigningKey) })

/** A Secret of the namespace `evenkeel-signing-keys`, read; or why it cannot be. */
export function signingKeyOf(secret: Secret): SigningKey | { readonly unreadable: string } {
  const text = (name: string) => Buffer.from(secret.data?.[name] ?? '', 'base64').toString('utf8')
  let days: unknown
  try {
    days = JSON.parse(text('keys'))
  } catch {
    // The content may hold keys: only where it is goes into the message.
    return { unreadable: `data.keys of Secret ${secret.metadata.name} is not JSON` }
  }
  const key = { accessKeyId: text('accessKeyId'), principalArn: text('principalArn'), days }
  return Check(SigningKey, key) ? key : { unreadable: `Secret ${secret.metadata.name} has not the expected shape` }
}

export function parseSigningKeys(record: string): readonly SigningKey[] {
  const value: unknown = JSON.parse(record)
  if (!Check(SigningKeys, value)) {
    const { cluster, name } = SIGNING_KEYS_RECORD
    throw new Error(`record ${cluster}/${name} has a wrong shape: remove it, it is copied from the home again`)
  }
  return value.keys
}

/** In a fixed order, so that the same keys are the same text. */
export function serializeSigningKeys(keys: readonly SigningKey[]): string {
  return `${JSON.stringify({ keys: sorted(keys) })}\n`
}

function sorted(keys: readonly SigningKey[]): SigningKey[] {
  return keys
    .map(({ accessKeyId, principalArn, days }) => ({
      accessKeyId,
      principalArn,
      days: Object.fromEntries(Object.entries(days).sort(([one], [other]) => (one < other ? -1 : 1))),
    }))
    .sort((one, other) => (one.accessKeyId < other.accessKeyId ? -1 : 1))
}

const DAY_MS = 86_400_000

/**
 * Until when tokens of a principal can be verified with nobody's help (RFC 3339): the end of the last day without a gap
 * of whichever of its keys ends first. Undefined where it has no key for today.
 */
export function tokensValidUntil(
  keys: readonly SigningKey[],
  principalArn: string | undefined,
  nowMs: number,
): string | undefined {
  const ends = keys
    .filter((key) => principalArn === undefined || key.principalArn === principalArn)
    .flatMap(({ days }) => {
      let endMs = Math.floor(nowMs / DAY_MS) * DAY_MS
      while (days[dayOf(endMs)] !== undefined) {
        endMs += DAY_MS
      }
      return endMs > nowMs ? [endMs] : []
    })
  return ends.length === 0 ? undefined : new Date(Math.min(...ends)).toISOString().replace('.000Z', 'Z')
}

/** UTC, as SigV4 writes days. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
}
