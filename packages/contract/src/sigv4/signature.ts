import { bytesToHex } from '@noble/hashes/utils.js'
import { canonicalRequest, type SignableRequest } from './canonical-request.ts'
import { hmacSha256, sha256Hex } from './hash.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'
export const SCOPE_END = 'aws4_request'

/** What a signing key is good for: one day, region and service. */
export interface SigningScope {
  /** UTC, such as `20261124`. */
  readonly day: string
  readonly region: string
  /** Such as `eks` or `sts`. */
  readonly service: string
}

/** `20261124/local-1/eks/aws4_request`. */
export function formatScope(scope: SigningScope): string {
  return `${scope.day}/${scope.region}/${scope.service}/${SCOPE_END}`
}

/** The key (32 bytes) that signs within a scope. It does not tell the secret, nor the key of another scope. */
export function deriveSigningKey(secretAccessKey: string, scope: SigningScope): Uint8Array {
  const dayKey = hmacSha256(new TextEncoder().encode(`AWS4${secretAccessKey}`), scope.day)
  const serviceKey = hmacSha256(hmacSha256(dayKey, scope.region), scope.service)
  return hmacSha256(serviceKey, SCOPE_END)
}

export interface SignatureInput {
  readonly signingKey: Uint8Array
  readonly scope: SigningScope
  /** As the request names it: `20261124T003512Z`. */
  readonly amzDate: string
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[]
}

/** The signature of a request: 64 lower-case hex digits. */
export function requestSignature(request: SignableRequest, input: SignatureInput): string {
  const digest = sha256Hex(canonicalRequest(request, input.signedHeaders))
  const stringToSign = [ALGORITHM, input.amzDate, formatScope(input.scope), digest].join('\n')
  return bytesToHex(hmacSha256(input.signingKey, stringToSign))
}
