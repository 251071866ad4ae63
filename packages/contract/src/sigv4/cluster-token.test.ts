import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clusterToken,
  deriveSigningKey,
  parseClusterToken,
  presignUrl,
  type TokenRefusalReason,
  type UrlToPresign,
  verifyClusterToken,
} from './index.ts'

const SECRET = 'fake/fake+fake/fake+fake/fake+fake/fake+'
const credentials = { accessKeyId: 'AKIAFAKEFAKEFAKEFAKE', secretAccessKey: SECRET }
const region = 'local-1'
const nowMs = Date.parse('2026-11-24T10:00:00Z')
const MINUTE = 60_000

/** What a URL says, whatever the case of its host and of its escapes. */
function meaningOf(token: string): string {
  try {
    const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString())
    return JSON.stringify([token.slice(0, 11), url.protocol, url.host, url.pathname, [...url.searchParams]])
  } catch {
    return token
  }
}

interface Case {
  readonly url?: Partial<UrlToPresign>
  readonly expiresSeconds?: number
  readonly service?: string
  readonly region?: string
  /** What happens to the URL after it is signed. */
  readonly tamper?: (url: string) => string
  /** What happens to the whole token. */
  readonly mangle?: (token: string) => string
  readonly shownTo?: string
  readonly laterMs?: number
  readonly secret?: string
}

function encode(url: string): string {
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`
}

function judge(given: Case): TokenRefusalReason | 'accepted' {
  const request: UrlToPresign = {
    method: 'GET',
    url: 'https://sts.local-1.amazonaws.com/',
    parameters: [
      ['Action', 'GetCallerIdentity'],
      ['Version', '2011-06-15'],
    ],
    headers: { 'x-k8s-aws-id': 'web' },
    ...given.url,
  }
  const url = presignUrl(request, {
    credentials,
    region: given.region ?? region,
    service: given.service ?? 'sts',
    nowMs,
    expiresSeconds: given.expiresSeconds ?? 60,
  })
  const token = encode((given.tamper ?? String)(url))
  const parsed = parseClusterToken((given.mangle ?? String)(token))
  if (!parsed.ok) return parsed.refusal.reason
  const verdict = verifyClusterToken(parsed.value, {
    clusterName: given.shownTo ?? 'web',
    region,
    nowMs: nowMs + (given.laterMs ?? 1000),
    signingKeyOf: (accessKeyId, day) => {
      if (accessKeyId !== credentials.accessKeyId) return 'unknownKey'
      if (day !== '20261124') return 'noKeyForDay'
      return deriveSigningKey(given.secret ?? SECRET, { day, region, service: 'sts' })
    },
  })
  return verdict.ok ? 'accepted' : verdict.refusal.reason
}

const cases: readonly (readonly [string, Case, TokenRefusalReason | 'accepted'])[] = [
  ['it is as clients make it', {}, 'accepted'],
  ['it is presigned against another host', { url: { url: 'https://example.test/' } }, 'accepted'],
  ['it is presigned against plain http with a port', { url: { url: 'http://127.0.0.1:8181/' } }, 'accepted'],
  ["it names the scheme's own port", { tamper: (url) => url.replace('.com/', '.com:443/') }, 'accepted'],
  ['it is presigned against an IPv6 address', { url: { url: 'http://[::1]:8181/' } }, 'accepted'],
  ['it is 15 minutes old', { laterMs: 15 * MINUTE }, 'accepted'],
  ['it is older than 15 minutes', { laterMs: 15 * MINUTE + 1 }, 'expired'],
  ['it was signed by a clock 5 minutes ahead', { laterMs: -5 * MINUTE }, 'accepted'],
  ['it was signed by a clock further ahead', { laterMs: -5 * MINUTE - 1 }, 'notYetValid'],
  ['it is shown to another cluster', { shownTo: 'web2' }, 'badSignature'],
  ['it is shown to a cluster whose name differs in case', { shownTo: 'Web' }, 'badSignature'],
  ['it is signed with another secret', { secret: 'other' }, 'badSignature'],
  ['its host is changed', { tamper: (url) => url.replace('sts.', 'sts2.') }, 'badSignature'],
  ['its port is changed', { tamper: (url) => url.replace('.com/', '.com:444/') }, 'badSignature'],
  ['its time is changed', { tamper: (url) => url.replace('T100000Z', 'T100001Z') }, 'badSignature'],
  ['its life is changed', { tamper: (url) => url.replace('Expires=60', 'Expires=61') }, 'badSignature'],
  ['its key id is changed', { tamper: (url) => url.replace('AKIAFAKE', 'AKIAFAKF') }, 'unknownKey'],
  [
    'its day is not covered',
    { tamper: (url) => url.replaceAll('20261124', '20261125'), laterMs: 86_400_000 },
    'noKeyForDay',
  ],
  ['its days differ', { tamper: (url) => url.replace('Date=20261124', 'Date=20261125') }, 'malformed'],
  ['it is of another region', { region: 'eu-west-1' }, 'wrongRegion'],
  ['it is of another service', { service: 'eks' }, 'wrongService'],
  ['it has another path', { url: { url: 'https://sts.local-1.amazonaws.com/x' } }, 'wrongPath'],
  ['it has a path of dots', { url: { url: 'https://sts.local-1.amazonaws.com/./' } }, 'wrongPath'],
  ['it signs no cluster', { url: { headers: {} } }, 'wrongHeaders'],
  ['it signs another header', { url: { headers: { 'x-k8s-aws-id': 'web', 'x-more': '1' } } }, 'wrongHeaders'],
  [
    'it has another action',
    {
      url: {
        parameters: [
          ['Action', 'AssumeRole'],
          ['Version', '2011-06-15'],
        ],
      },
    },
    'wrongAction',
  ],
  [
    'it has another version',
    {
      url: {
        parameters: [
          ['Action', 'GetCallerIdentity'],
          ['Version', '1'],
        ],
      },
    },
    'wrongAction',
  ],
  ['it has no action', { url: { parameters: [] } }, 'wrongAction'],
  ['it has a parameter that is not known', { tamper: (url) => `${url}&RoleArn=x` }, 'unknownParameter'],
  ['a parameter is spelled in another case', { tamper: (url) => url.replace('Action', 'action') }, 'unknownParameter'],
  ['a parameter is there twice', { tamper: (url) => `${url}&Version=2011-06-15` }, 'malformed'],
  ['it carries a session token', { tamper: (url) => `${url}&X-Amz-Security-Token=x` }, 'sessionToken'],
  ['it lives for too long', { expiresSeconds: 901 }, 'malformed'],
  ['its algorithm is another', { tamper: (url) => url.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1') }, 'malformed'],
  ['it has no signature', { tamper: (url) => url.replace(/&X-Amz-Signature=.*/, '') }, 'malformed'],
  ['its signature is cut short', { tamper: (url) => url.slice(0, -1) }, 'malformed'],
  [
    'its signature is in upper case',
    { tamper: (url) => url.replace(/[0-9a-f]{64}$/, (s) => `A${s.slice(1)}`) },
    'malformed',
  ],
  ['it has a user in its URL', { tamper: (url) => url.replace('://', '://me@') }, 'malformed'],
  ['it is not a URL of http', { tamper: (url) => url.replace('https', 'ftp') }, 'malformed'],
  ['it has a fragment', { tamper: (url) => `${url}#x` }, 'malformed'],
  ['it is not percent-encoded', { tamper: (url) => url.replace('%2F', '%2') }, 'malformed'],
  ['it is not ASCII', { tamper: (url) => url.replace('sts', 'stś') }, 'malformed'],
  ['it is empty', { mangle: () => '' }, 'malformed'],
  ['it is a prefix alone', { mangle: () => 'k8s-aws-v1.' }, 'malformed'],
  ['it is of another kind', { mangle: () => 'eyJhbGciOiJub25lIn0.e30.' }, 'malformed'],
  ['it is padded', { mangle: (token) => `${token}=` }, 'malformed'],
  [
    'it is spelled in another way',
    { mangle: (token) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}` },
    'malformed',
  ],
  ['it is too long', { mangle: (token) => token.padEnd(4097, 'A') }, 'tooLong'],
]

describe('a cluster token', () => {
  test.each(cases)('when %s, it is judged so', (_title, given, expected) => {
    expect(judge(given)).toBe(expected)
  })

  test('when it is made from the secret or from the signing key of the day, it is the same', () => {
    const signingKey = deriveSigningKey(SECRET, { day: '20261124', region, service: 'sts' })
    const { accessKeyId } = credentials
    const common = { clusterName: 'web', region, nowMs }
    const token = clusterToken({ ...common, credentials: { accessKeyId, signingKey } })
    expect(token).toBe(clusterToken({ ...common, credentials }))
    expect(token.length).toBeLessThan(600)
    expect(judge({ mangle: () => token })).toBe('accepted')
  })

  test('when any one character is changed so that it says something else, it is refused', () => {
    const token = clusterToken({ clusterName: 'web', region, nowMs, credentials })
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.='
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...alphabet), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        fc.pre(meaningOf(changed) !== meaningOf(token))
        expect(judge({ mangle: () => changed })).not.toBe('accepted')
      }),
      { numRuns: 2000 },
    )
  })

  test('when it is any text at all, it is refused with a reason', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string().map(encode)), (text) => {
        expect(parseClusterToken(text).ok).toBe(false)
      }),
    )
  })

  test('when it is refused, the reason holds neither its signature nor the token', () => {
    for (const [, given] of cases) {
      const token = encode(`https://x.test/?X-Amz-Signature=${'a'.repeat(64)}`)
      const parsed = parseClusterToken((given.mangle ?? String)(token))
      if (!parsed.ok) expect(parsed.refusal.detail).not.toMatch(/a{64}|k8s-aws-v1\../)
    }
  })
})
