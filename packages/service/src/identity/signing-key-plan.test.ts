import { deriveSigningKey } from '@evenkeel/contract/sigv4'
import { describe, expect, it } from 'vitest'
import { planSigningKeys, type SigningKeySnapshot } from './signing-key-plan.ts'

const nowMs = Date.parse('2026-11-24T10:00:00Z')
const accessKey = {
  accessKeyId: 'AKIAFAKEFAKEFAKEFAKE',
  secretAccessKey: 'fake-secret',
  principalArn: 'arn:aws:iam::000000000001:user/admin',
  accountId: '000000000001',
  userName: 'admin',
}

function plan(changes: Partial<SigningKeySnapshot> = {}) {
  const { accessKeyId } = accessKey
  return planSigningKeys({
    accessKeyId,
    accessKey,
    held: undefined,
    isLive: true,
    region: 'local-1',
    nowMs,
    ...changes,
  })
}

function written(changes: Partial<SigningKeySnapshot> = {}) {
  const [step] = plan(changes).steps
  if (step?.kind !== 'WriteSigningKeys') throw new Error('nothing is written')
  return step.secret
}

describe('signing keys', () => {
  it('when there are none, they are written for yesterday to 30 days ahead, and do not hold the secret', () => {
    const { metadata, data = {} } = written()
    expect(metadata).toMatchObject({ name: 'signingkeys-akiafakefakefakefake', namespace: 'evenkeel-signing-keys' })
    const texts = Object.fromEntries(
      Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
    )
    expect(texts).toMatchObject({ accessKeyId: accessKey.accessKeyId, principalArn: accessKey.principalArn })
    const keys = JSON.parse(texts['keys'] ?? '') as Record<string, string>
    const days = Object.keys(keys)
    expect([days.length, days[0], days.at(-1)]).toEqual([32, '20261123', '20261224'])
    const scope = { day: '20261130', region: 'local-1', service: 'sts' }
    expect(keys['20261130']).toBe(Buffer.from(deriveSigningKey('fake-secret', scope)).toString('base64'))
    expect(JSON.stringify(texts)).not.toContain('fake-secret')
  })

  it('when they are as they should be, nothing is done until the next day, within its first hour', () => {
    const { steps, wakeAfterMs = 0 } = plan({ held: written() })
    expect(steps).toEqual([])
    const wakeMs = nowMs + wakeAfterMs
    expect(wakeMs).toBeGreaterThanOrEqual(Date.parse('2026-11-25T00:00:00Z'))
    expect(wakeMs).toBeLessThan(Date.parse('2026-11-25T01:00:00Z'))
  })

  it.each([
    ['the day is another', { nowMs: nowMs + 86_400_000 }],
    ['the secret is another', { accessKey: { ...accessKey, secretAccessKey: 'other' } }],
    ['the principal is another', { accessKey: { ...accessKey, principalArn: 'arn:aws:iam::000000000001:user/b' } }],
    ['somebody has changed them', { held: { ...written(), data: {} } }],
  ])('when %s, they are written anew', (_what, changes) => {
    expect(plan({ held: written(), ...changes }).steps).toMatchObject([{ kind: 'WriteSigningKeys' }])
  })

  it('when the access key is not good any more, they are removed, once', () => {
    const held = written()
    expect(plan({ accessKey: undefined, held }).steps).toEqual([
      { kind: 'RemoveSigningKeys', name: held.metadata.name },
    ])
    expect(plan({ accessKey: undefined }).steps).toEqual([])
  })

  it('when only an older copy is known, nothing is done', () => {
    const { steps, notes } = plan({ accessKey: undefined, held: written(), isLive: false })
    expect(steps).toEqual([])
    expect(notes).toMatchObject([{ kind: 'waiting', reason: 'HomeUnknown' }])
  })
})
