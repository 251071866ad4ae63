import { clusterToken, deriveSigningKey } from '@evenkeel/contract/sigv4'
import { describe, expect, it } from 'vitest'
import { type Gate, reviewToken } from './review.ts'

const nowMs = Date.parse('2026-11-24T10:00:00Z')
const region = 'local-1'
const admin = { accessKeyId: 'AKIDEXAMPLEADMIN0001', secretAccessKey: 'not-a-secret-1' }
const guest = { accessKeyId: 'AKIDEXAMPLEGUEST0001', secretAccessKey: 'not-a-secret-2' }
const probe = { accessKeyId: 'AKIDEXAMPLEPROBE0001', secretAccessKey: 'not-a-secret-3' }

function keysOf(key: typeof admin, principalArn: string) {
  const derived = deriveSigningKey(key.secretAccessKey, { day: '20261124', region, service: 'sts' })
  return { accessKeyId: key.accessKeyId, principalArn, days: { '20261124': Buffer.from(derived).toString('base64') } }
}

const known = [keysOf(admin, 'arn:aws:iam::1:user/admin'), keysOf(guest, 'arn:aws:iam::1:user/guest')]
const gate: Gate = {
  name: 'demo',
  region,
  entries: [
    { principalArn: 'arn:aws:iam::1:user/admin', username: 'arn:aws:iam::1:user/admin', groups: ['system:masters'] },
    { principalArn: 'arn:probe', username: 'evenkeel:probe', groups: [] },
  ],
  probe: keysOf(probe, 'arn:probe'),
}

function review(token: string, atMs = nowMs) {
  return reviewToken(token, gate, { nowMs: atMs, keysOf: (id) => known.find((key) => key.accessKeyId === id) })
}

function tokenOf(credentials: typeof admin, options: { clusterName?: string; region?: string } = {}) {
  return clusterToken({ clusterName: 'demo', region, credentials, nowMs, ...options })
}

function tampered(token: string) {
  const url = Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString()
  const changed = url.replace(/(?<=X-Amz-Signature=)./, (digit) => (digit === '0' ? '1' : '0'))
  return `k8s-aws-v1.${Buffer.from(changed).toString('base64url')}`
}

describe('reviewToken', () => {
  it('when the creator shows a token for this cluster, it comes in as the access entry says', () => {
    expect(review(tokenOf(admin))).toEqual({ ok: true, entry: gate.entries[0], accessKeyId: admin.accessKeyId })
  })

  it('when the keeper shows a token of its probe key, it is known', () => {
    expect(review(tokenOf(probe))).toMatchObject({ ok: true, entry: { username: 'evenkeel:probe' } })
  })

  it.each([
    ['another cluster is meant', tokenOf(admin, { clusterName: 'other' }), 0, 'badSignature'],
    ['another region is meant', tokenOf(admin, { region: 'eu-west-1' }), 0, 'wrongRegion'],
    [
      'the secret key is not that of the access key',
      tokenOf({ ...admin, secretAccessKey: 'guess' }),
      0,
      'badSignature',
    ],
    ['the access key is not known', tokenOf({ ...admin, accessKeyId: 'AKIDEXAMPLENOBODY001' }), 0, 'unknownKey'],
    ['it is older than 15 minutes', tokenOf(admin), 15 * 60_000 + 1000, 'expired'],
    ['it comes from the future', tokenOf(admin), -6 * 60_000, 'notYetValid'],
    ['a digit of its signature was changed', tampered(tokenOf(admin)), 0, 'badSignature'],
    ['it is no token', 'hello', 0, 'malformed'],
    ['it is endless', `k8s-aws-v1.${'a'.repeat(5000)}`, 0, 'tooLong'],
    ['its owner has no access entry', tokenOf(guest), 0, 'noAccessEntry'],
  ])('when %s, it is refused', (_, token, laterMs, reason) => {
    expect(review(token, nowMs + laterMs)).toMatchObject({ ok: false, reason })
  })
})

describe('the days of keys', () => {
  it.each([
    ['its day is covered', '2026-11-24T23:59:00Z', 0, true],
    ['it was signed before midnight and is shown after it', '2026-11-24T23:59:00Z', 10 * 60_000, true],
    ['its day is not covered', '2026-11-25T00:01:00Z', 0, false],
  ])('when %s, it is judged so', (_what, signedAt, laterMs, isAdmitted) => {
    const atMs = Date.parse(signedAt)
    const token = clusterToken({ clusterName: 'demo', region, credentials: admin, nowMs: atMs })
    const verdict = review(token, atMs + laterMs)
    expect(verdict.ok).toBe(isAdmitted)
    if (!verdict.ok) expect(verdict.reason).toBe('noKeyForDay')
  })

  it.each([
    ['5 minutes ahead', 5 * 60_000, true],
    ['more than 5 minutes ahead', 5 * 60_000 + 1000, false],
    ['15 minutes behind', -15 * 60_000, true],
    ['more than 15 minutes behind', -15 * 60_000 - 1000, false],
  ])('when the clock of a client is %s, its token is judged so', (_what, skewMs, isAdmitted) => {
    const token = clusterToken({ clusterName: 'demo', region, credentials: admin, nowMs: nowMs + skewMs })
    expect(review(token).ok).toBe(isAdmitted)
  })
})
