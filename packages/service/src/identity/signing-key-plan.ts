import { type KubeObject, SIGNING_KEY_NAMESPACE } from '@evenkeel/contract/kinds'
import { deriveSigningKey, signingDay, TOKEN_SERVICE } from '@evenkeel/contract/sigv4'
import type { Plan, Secret } from '@evenkeel/kernel'
import type { AccessKey } from './access-keys.ts'

export interface SigningKeySnapshot {
  readonly accessKeyId: string
  /** Absent when there is none, or it is not good any more. */
  readonly accessKey: AccessKey | undefined
  /** What the home holds of its signing keys. */
  readonly held: Secret | undefined
  /** Whether the home itself has said the two above, and not an older copy; else nothing is done. */
  readonly isLive: boolean
  readonly region: string
  readonly nowMs: number
}

export type SigningKeyStep =
  | { readonly kind: 'WriteSigningKeys'; readonly secret: Secret }
  | { readonly kind: 'RemoveSigningKeys'; readonly name: string }

/** So long authenticators go on with nobody's help. */
export const DAYS_AHEAD = 30
const DAY_MS = 86_400_000
/** After midnight, over which keys are spread: they need not all be written in one second. */
const SPREAD_MS = 3_600_000

/** What is to be done that authenticators can verify tokens of an access key, and only while it is good. */
export function planSigningKeys(snapshot: SigningKeySnapshot): Plan<SigningKeyStep> {
  const { accessKeyId, accessKey, held, isLive, nowMs } = snapshot
  if (!isLive) {
    const detail = 'the home has not said yet which access keys are good'
    return { steps: [], notes: [{ kind: 'waiting', reason: 'HomeUnknown', detail }] }
  }
  if (accessKey === undefined) {
    return { steps: held === undefined ? [] : [{ kind: 'RemoveSigningKeys', name: held.metadata.name }], notes: [] }
  }
  const wanted = signingKeySecret(accessKey, snapshot)
  const isSame = held !== undefined && JSON.stringify(sorted(held.data)) === JSON.stringify(sorted(wanted.data))
  const untilMidnightMs = DAY_MS - (nowMs % DAY_MS)
  return {
    steps: isSame ? [] : [{ kind: 'WriteSigningKeys', secret: wanted }],
    notes: [],
    wakeAfterMs: untilMidnightMs + spreadOf(accessKeyId),
  }
}

/** Of the Secret in the namespace `evenkeel-signing-keys`. */
export function signingKeySecretName(accessKeyId: string): string {
  return `signingkeys-${accessKeyId.toLowerCase()}`
}

/** Keys of yesterday, of which a token may still be, until 30 days from today. */
function signingKeySecret(accessKey: AccessKey, at: { readonly region: string; readonly nowMs: number }): Secret {
  const { accessKeyId, principalArn, secretAccessKey } = accessKey
  const days: Record<string, string> = {}
  for (let ahead = -1; ahead <= DAYS_AHEAD; ahead += 1) {
    const day = signingDay(at.nowMs + ahead * DAY_MS)
    const key = deriveSigningKey(secretAccessKey, { day, region: at.region, service: TOKEN_SERVICE })
    days[day] = Buffer.from(key).toString('base64')
  }
  const metadata: KubeObject['metadata'] = {
    name: signingKeySecretName(accessKeyId),
    namespace: SIGNING_KEY_NAMESPACE,
    labels: { 'app.kubernetes.io/part-of': 'evenkeel' },
  }
  const texts = { accessKeyId, principalArn, keys: JSON.stringify(days) }
  const data = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'evenkeel.dev/signing-keys',
    data: Object.fromEntries(data),
  }
}

function sorted(data: Readonly<Record<string, string>> = {}): readonly (readonly [string, string])[] {
  return Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1))
}

/** The same for the same key, so that a plan is. */
function spreadOf(accessKeyId: string): number {
  let sum = 0
  for (const character of accessKeyId) sum = (sum * 31 + character.charCodeAt(0)) % SPREAD_MS
  return sum
}
