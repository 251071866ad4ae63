import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalPath, canonicalQuery } from './canonical-request.ts'
import {
  canonicalRequest,
  deriveSigningKey,
  formatAmzDate,
  isSameSecret,
  parseAmzDate,
  parseAuthorization,
  sha256Hex,
} from './index.ts'

describe('the canonical path', () => {
  test.each([
    ['', '/'],
    ['/', '/'],
    ['/a/b/', '/a/b/'],
    ['//a//b', '/a/b'],
    ['/a/../../b/./c', '/b/c'],
    ['/arn%3Aaws%2Fx', '/arn%253Aaws%252Fx'],
    ['/%e4%20', '/%25e4%2520'],
  ])('when %j comes over the wire, it is %j', (path, expected) => {
    expect(canonicalPath(path)).toBe(expected)
  })
})

describe('the canonical query', () => {
  test.each([
    ['', ''],
    ['a', 'a='],
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&a=1&a=', 'a=&a=1&a=2'],
    ['a=b=c', 'a=b%3Dc'],
    ['a=%2f%3D', 'a=%2F%3D'],
    ['a=x+y', 'a=x%20y'],
    ['a=x%2By', 'a=x%2By'],
    ['a=arn:aws:x/*', 'a=arn%3Aaws%3Ax%2F%2A'],
    ['a=%7E%41', 'a=~A'],
    ['a=100%', 'a=100%25'],
    ['&&a=1&', 'a=1'],
    ['ü=€', '%C3%BC=%E2%82%AC'],
  ])('when %j comes over the wire, it is %j', (query, expected) => {
    expect(canonicalQuery(query)).toBe(expected)
  })

  test('when a client encodes in its own way, it is one text', () => {
    const pair = fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const strict = pairs.map((parts) => parts.map(encodeURIComponent).join('=')).join('&')
        const form = new URLSearchParams(pairs).toString()
        expect(canonicalQuery(form)).toBe(canonicalQuery(strict))
      }),
    )
  })
})

test('when a header comes with spaces, in another case or several times, it is signed in one form', () => {
  const headers = { Host: ' h:1 ', 'X-Two': ['a  b', ' c '], 'x-amz-date': '20261124T000000Z' }
  const request = { method: 'get', path: '/x', query: '', headers, payloadHash: sha256Hex('') }
  expect(canonicalRequest(request, ['host', 'x-amz-date', 'x-two']).split('\n').slice(0, 8)).toEqual([
    'GET',
    '/x',
    '',
    'host:h:1',
    'x-amz-date:20261124T000000Z',
    'x-two:a b,c',
    '',
    'host;x-amz-date;x-two',
  ])
})

test('when day, region or service differ, the signing keys do', () => {
  const scope = { day: '20261124', region: 'local-1', service: 'sts' }
  const keys = [scope, { ...scope, day: '20261125' }, { ...scope, region: 'local-2' }, { ...scope, service: 'eks' }]
  const texts = keys.map((one) => Buffer.from(deriveSigningKey('fake', one)).toString('hex'))
  expect(new Set(texts).size).toBe(4)
  expect(texts[0]).toHaveLength(64)
})

describe('an Authorization header', () => {
  const good =
    'AWS4-HMAC-SHA256 Credential=AKIAFAKEFAKEFAKEFAKE/20261124/local-1/eks/aws4_request, SignedHeaders=host;x-amz-date, Signature='
  const signature = 'a'.repeat(64)

  test.each([good, good.replaceAll(', ', ','), good.replaceAll(', ', ',   ')])(
    'when it is %j, it is read',
    (header) => {
      expect(parseAuthorization(header + signature)).toEqual({
        accessKeyId: 'AKIAFAKEFAKEFAKEFAKE',
        scope: { day: '20261124', region: 'local-1', service: 'eks' },
        signedHeaders: ['host', 'x-amz-date'],
        signature,
      })
    },
  )

  test.each([
    ['', /begin with AWS4-HMAC-SHA256/],
    ['Bearer x', /begin with AWS4-HMAC-SHA256/],
    ['AWS4-HMAC-SHA256', /lacks Credential/],
    [good.replace(/, Signature=/, ''), /lacks Signature/],
    [good, /64 lower-case/],
    [`${good}${signature}, Signature=${signature}`, /twice/],
    [`${good.replace('/aws4_request', '/aws5')}${signature}`, /Credential must be/],
    [`${good.replace('AKIAFAKEFAKEFAKEFAKE/', '')}${signature}`, /Credential must be/],
    [`${good.replace('host;x-amz-date', 'x-amz-date;host')}${signature}`, /in order/],
    [`${good.replace('host;', 'Host;')}${signature}`, /lower-case names/],
  ])('when it is %j, it says what is wrong', (header, problem) => {
    expect(parseAuthorization(header)).toEqual({ problem: expect.stringMatching(problem) })
  })
})

test.each([
  ['same', 'same', true],
  ['same', 'sane', false],
  ['same', 'samee', false],
  ['', 'x', false],
  ['', '', true],
])('when %j and %j are compared, it says %j', (one, other, expected) => {
  expect(isSameSecret(one, other)).toBe(expected)
})

test.each(['20261124T003512', '2026-11-24T00:35:12Z', '20260230T000000Z', '20261124T240000Z', ''])(
  'when %j is given as a time, it is none',
  (text) => {
    expect(parseAmzDate(text)).toBeUndefined()
  },
)

test('when a time is written and read, it is the same to the second', () => {
  const ms = Date.parse('2026-11-24T00:35:12.987Z')
  expect(formatAmzDate(ms)).toBe('20261124T003512Z')
  expect(parseAmzDate(formatAmzDate(ms))).toBe(ms - 987)
})
