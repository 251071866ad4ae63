import { parseClusterToken, type TokenRefusalReason, verifyClusterToken } from '@evenkeel/contract/sigv4'
import type { Entry, KeysOfAccessKey } from './documents.ts'

/** What of a cluster decides about a token. */
export interface Gate {
  /** EKS name of the cluster. */
  readonly name: string
  readonly region: string
  readonly entries: readonly Entry[]
  /** The keeper's own key for this cluster alone. */
  readonly probe: KeysOfAccessKey
}

export interface Admitted {
  readonly ok: true
  readonly entry: Entry
  readonly accessKeyId: string
}

export interface Refused {
  readonly ok: false
  readonly reason: TokenRefusalReason | 'noAccessEntry'
  readonly detail: string
  /** Who it would have been, where the signature proved it. */
  readonly principalArn?: string
  readonly accessKeyId?: string
}

export interface ReviewOptions {
  readonly nowMs: number
  keysOf(accessKeyId: string): KeysOfAccessKey | undefined
}

/** Who holds this token, and whether that one may come into this cluster. Pure. */
export function reviewToken(token: string, gate: Gate, options: ReviewOptions): Admitted | Refused {
  const parsed = parseClusterToken(token)
  if (!parsed.ok) return { ok: false, ...parsed.refusal }
  const { accessKeyId } = parsed.value
  const keys = accessKeyId === gate.probe.accessKeyId ? gate.probe : options.keysOf(accessKeyId)
  const verified = verifyClusterToken(parsed.value, {
    clusterName: gate.name,
    region: gate.region,
    nowMs: options.nowMs,
    signingKeyOf: (_id, day) => {
      if (keys === undefined) return 'unknownKey'
      const key = keys.days[day]
      return key === undefined ? 'noKeyForDay' : Buffer.from(key, 'base64')
    },
  })
  if (!verified.ok || keys === undefined) {
    const refusal = verified.ok ? { reason: 'unknownKey' as const, detail: '' } : verified.refusal
    return { ok: false, ...refusal, accessKeyId }
  }
  const { principalArn } = keys
  const entry = gate.entries.find((candidate) => candidate.principalArn === principalArn)
  if (entry === undefined) {
    const detail = `${principalArn} has no access entry for the cluster ${gate.name}.`
    return { ok: false, reason: 'noAccessEntry', detail, principalArn, accessKeyId }
  }
  return { ok: true, entry, accessKeyId }
}
