import { describe, expect, test } from 'vitest'
import vectors from './generated/botocore-vectors.json' with { type: 'json' }
import {
  deriveSigningKey,
  headerValue,
  parseAmzDate,
  parseAuthorization,
  parseClusterToken,
  requestSignature,
  sha256Hex,
  signRequest,
  verifyClusterToken,
} from './index.ts'

const { accessKeyId, secretAccessKey, region } = vectors

interface Vector {
  readonly title: string
  readonly method: string
  readonly target: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}
const requests: readonly Vector[] = vectors.requests.map((vector) => ({ ...vector, headers: { ...vector.headers } }))

function authorizationOf(vector: Vector) {
  const parsed = parseAuthorization(vector.headers['Authorization'] ?? '')
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

describe.each(requests)('when botocore signs: $title', (vector) => {
  const authorization = authorizationOf(vector)
  const amzDate = String(headerValue(vector.headers, 'x-amz-date'))

  test('it computes the same signature from what came over the wire', () => {
    const [path = '', query = ''] = vector.target.split(/\?(.*)/s)
    const payloadHash = sha256Hex(vector.body)
    const signature = requestSignature(
      { method: vector.method, path, query, headers: vector.headers, payloadHash },
      {
        signingKey: deriveSigningKey(secretAccessKey, authorization.scope),
        scope: authorization.scope,
        amzDate,
        signedHeaders: authorization.signedHeaders,
      },
    )
    expect(authorization).toMatchObject({ accessKeyId, scope: { region, service: 'eks' }, signature })
  })

  test('it signs the same request with the same header', () => {
    const signed = authorization.signedHeaders.filter((name) => name !== 'x-amz-date')
    const headers = Object.fromEntries(signed.map((name) => [name, headerValue(vector.headers, name)]))
    const nowMs = parseAmzDate(amzDate) ?? Number.NaN
    const options = { credentials: { accessKeyId, secretAccessKey }, region, service: 'eks', nowMs }
    expect(signRequest({ method: vector.method, url: vector.target, headers, body: vector.body }, options)).toEqual({
      authorization: vector.headers['Authorization'],
      'x-amz-date': amzDate,
    })
  })
})

describe.each(vectors.tokens)('when a token comes from: $title', ({ token, clusterName }) => {
  const parsed = parseClusterToken(token)
  if (!parsed.ok) throw new Error(parsed.refusal.detail)
  const { scope, signedAtMs } = parsed.value
  const signingKeyOf = () => deriveSigningKey(secretAccessKey, scope)

  test('it is accepted for its cluster', () => {
    const verdict = verifyClusterToken(parsed.value, { clusterName, region, nowMs: signedAtMs + 1000, signingKeyOf })
    expect(verdict).toMatchObject({ ok: true, value: { accessKeyId } })
  })

  test('it is refused for another cluster', () => {
    const verdict = verifyClusterToken(parsed.value, { clusterName: 'web_1', region, nowMs: signedAtMs, signingKeyOf })
    expect(verdict).toMatchObject({ ok: false, refusal: { reason: 'badSignature' } })
  })
})
