import { formatAuthorization } from './authorization.ts'
import type { SignableHeaders } from './canonical-request.ts'
import type { SigningCredentials } from './credential.ts'
import { sha256Hex } from './hash.ts'
import { deriveSigningKey, formatScope, requestSignature } from './signature.ts'
import { formatAmzDate, signingDay } from './time.ts'

export interface RequestToSign {
  readonly method: string
  /** Path and query as they go over the wire: encoded already. */
  readonly url: string
  /** All that shall be signed; `host` (with its port, where that is not the scheme's own) must be among them. */
  readonly headers: SignableHeaders
  readonly body?: Uint8Array | string
}

export interface SigningOptions {
  readonly credentials: SigningCredentials
  readonly region: string
  readonly service: string
  readonly nowMs: number
}

/** Signs a request: answers the headers to send beside those that were given. */
export function signRequest(
  request: RequestToSign,
  options: SigningOptions,
): { readonly authorization: string; readonly 'x-amz-date': string } {
  const { credentials, region, service, nowMs } = options
  const amzDate = formatAmzDate(nowMs)
  const headers: SignableHeaders = { ...lowerCase(request.headers), 'x-amz-date': amzDate }
  if (headers['host'] === undefined) throw new Error('a request is signed with its host header: give it')
  const signedHeaders = Object.keys(headers).sort()
  const scope = { day: signingDay(nowMs), region, service }
  const [path = '/', query = ''] = request.url.split(/\?(.*)/s)
  const signature = requestSignature(
    { method: request.method, path, query, headers, payloadHash: sha256Hex(request.body ?? '') },
    { signingKey: signingKeyOf(credentials, scope), scope, amzDate, signedHeaders },
  )
  const { accessKeyId } = credentials
  return {
    authorization: formatAuthorization({ accessKeyId, scope, signedHeaders, signature }, formatScope(scope)),
    'x-amz-date': amzDate,
  }
}

/** The given signing key, or the one that is derived from the secret. */
export function signingKeyOf(
  credentials: SigningCredentials,
  scope: { readonly day: string; readonly region: string; readonly service: string },
): Uint8Array {
  return 'signingKey' in credentials ? credentials.signingKey : deriveSigningKey(credentials.secretAccessKey, scope)
}

function lowerCase(headers: SignableHeaders): SignableHeaders {
  const present = Object.entries(headers).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present.map(([name, value]) => [name.toLowerCase(), value]))
}
