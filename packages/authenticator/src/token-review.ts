import type { Admitted, Refused } from './review.ts'

/** `authentication.k8s.io/v1` TokenReview, the part that webhooks see and answer. */
export interface TokenReview {
  readonly apiVersion: string
  readonly kind: 'TokenReview'
  readonly spec: { readonly token: string; readonly audiences?: readonly string[] }
}

/** A TokenReview, or in a sentence why the body is none. */
export function parseTokenReview(body: string): TokenReview | string {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return 'the body is not JSON'
  }
  if (!isRecord(value) || value['kind'] !== 'TokenReview' || typeof value['apiVersion'] !== 'string') {
    return 'the body is not a TokenReview'
  }
  const spec = value['spec']
  if (!isRecord(spec) || typeof spec['token'] !== 'string') return 'the TokenReview has no spec.token'
  const audiences = spec['audiences']
  if (audiences !== undefined && !(Array.isArray(audiences) && audiences.every((one) => typeof one === 'string'))) {
    return 'spec.audiences is not a list of strings'
  }
  return value as unknown as TokenReview
}

/**
 * The answer, in the apiVersion of the question: the API server refuses any other. Audiences are those asked for, since a
 * token names its cluster and so is for that cluster's API server alone. `extra` has EKS's keys, but for `principalId`:
 * our users have no id beside their ARN.
 */
export function answerTokenReview(review: TokenReview, verdict: Admitted | Refused): Record<string, unknown> {
  const { apiVersion, kind } = review
  if (!verdict.ok) return { apiVersion, kind, status: { authenticated: false, error: verdict.detail } }
  const { entry, accessKeyId } = verdict
  const { principalArn, username, groups } = entry
  const { audiences } = review.spec
  return {
    apiVersion,
    kind,
    status: {
      authenticated: true,
      user: {
        username,
        uid: `evenkeel:${principalArn}`,
        groups,
        extra: { accessKeyId: [accessKeyId], arn: [principalArn], canonicalArn: [principalArn], sessionName: [''] },
      },
      ...(audiences === undefined ? {} : { audiences }),
    },
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
