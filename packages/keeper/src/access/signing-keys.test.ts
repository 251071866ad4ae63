import type { Secret } from '@evenkeel/kernel'
import { describe, expect, it } from 'vitest'
import {
  parseSigningKeys,
  type SigningKey,
  serializeSigningKeys,
  signingKeyOf,
  tokensValidUntil,
} from './signing-keys.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const NOW_MS = Date.parse('2026-11-24T13:00:00Z')

function secret(data: Record<string, string>): Secret {
  const encoded = Object.entries(data).map(([name, value]) => [name, Buffer.from(value).toString('base64')])
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'k1' }, data: Object.fromEntries(encoded) }
}

function key(accessKeyId: string, principalArn: string, ...days: string[]): SigningKey {
  return { accessKeyId, principalArn, days: Object.fromEntries(days.map((day) => [day, KEY])) }
}

describe('signingKeyOf', () => {
  it('when a Secret is as agreed, it is read, and survives the record', () => {
    const days = JSON.stringify({ '20261124': KEY })
    const found = signingKeyOf(
      secret({ accessKeyId: 'AKIA000000000000TEST', principalArn: 'arn:aws:iam::1:user/x', keys: days }),
    )
    expect(found).toEqual(key('AKIA000000000000TEST', 'arn:aws:iam::1:user/x', '20261124'))
    expect(parseSigningKeys(serializeSigningKeys([found as SigningKey]))).toEqual([found])
  })

  it.each([
    ['keys are no JSON', { accessKeyId: 'AKIA000000000000TEST', principalArn: 'a', keys: `{${KEY}` }],
    ['a key is too short', { accessKeyId: 'AKIA000000000000TEST', principalArn: 'a', keys: '{"20261124":"AAAA"}' }],
    ['the id is missing', { principalArn: 'a', keys: '{}' }],
    ['it is empty', {}],
  ])('when %s, it names the Secret and tells nothing of its content', (_when, data) => {
    const found = signingKeyOf(secret(data))
    expect(found).toEqual({ unreadable: expect.stringContaining('Secret k1') })
    expect(JSON.stringify(found)).not.toContain(KEY)
  })
})

describe('serializeSigningKeys', () => {
  it('when the home lists the same keys in another order, the record is the same', () => {
    const one = [key('B000000000000000', 'b', '20261125', '20261124'), key('A000000000000000', 'a', '20261124')]
    const other = [key('A000000000000000', 'a', '20261124'), key('B000000000000000', 'b', '20261124', '20261125')]
    expect(serializeSigningKeys(one)).toBe(serializeSigningKeys(other))
  })
})

describe('tokensValidUntil', () => {
  it.each<[string, SigningKey[], string | undefined]>([
    ['days are without a gap', [key('k', 'me', '20261124', '20261125', '20261126')], '2026-11-27T00:00:00Z'],
    ['there is a gap, it counts to the gap', [key('k', 'me', '20261124', '20261126')], '2026-11-25T00:00:00Z'],
    ['today is missing', [key('k', 'me', '20261125')], undefined],
    [
      'there are two keys, the first to end counts',
      [key('k', 'me', '20261124'), key('l', 'me', '20261124', '20261125')],
      '2026-11-25T00:00:00Z',
    ],
    ['keys are of others', [key('k', 'you', '20261124')], undefined],
  ])('when %s', (_when, keys, expected) => {
    expect(tokensValidUntil(keys, 'me', NOW_MS)).toBe(expected)
  })
})
