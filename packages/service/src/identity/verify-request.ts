import { createHash } from 'node:crypto'
import { EksFault } from '@evenkeel/contract/eks'
import {
  type Authorization,
  deriveSigningKey,
  formatAmzDate,
  isSameSecret,
  parseAmzDate,
  parseAuthorization,
  requestSignature,
} from '@evenkeel/contract/sigv4'
import type { WireRequest } from '../http/index.ts'

/** As AWS has it. */
const CLOCK_SKEW_MS = 5 * 60_000
const SERVICE = 'eks'

/** A request whose signature can be checked: who says to have signed it, when, and what. */
export interface SignedRequest extends Authorization {
  readonly amzDate: string
  readonly request: WireRequest
}

/**
 * Reads how a request is signed, and checks all of it that needs no key: form, scope, time. Throws EksFault:
 * MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException.
 */
export function readSignature(
  request: WireRequest,
  at: { readonly region: string; readonly nowMs: number },
): SignedRequest {
  const { authorization: header, host, 'x-amz-date': amzDate } = request.headers
  if (header === undefined) throw missingSignature(request)
  const authorization = parseAuthorization(header)
  if ('problem' in authorization) throw new EksFault('IncompleteSignatureException', authorization.problem)
  const { scope, signedHeaders } = authorization
  if (host === undefined || !signedHeaders.includes('host')) {
    throw new EksFault('IncompleteSignatureException', 'The signature must cover the Host header.')
  }
  if (typeof amzDate !== 'string' || !signedHeaders.includes('x-amz-date')) {
    throw new EksFault(
      'IncompleteSignatureException',
      'The request must have an X-Amz-Date header that the signature covers.',
    )
  }
  const signedAtMs = parseAmzDate(amzDate)
  if (signedAtMs === undefined || !amzDate.startsWith(scope.day)) {
    throw new EksFault(
      'IncompleteSignatureException',
      'X-Amz-Date must be a time such as 20261124T003512Z, of the day that Credential names.',
    )
  }
  if (scope.region !== at.region) {
    throw invalid(
      `The request is signed for the region ${scope.region}, and this is ${at.region}: sign for ${at.region}.`,
    )
  }
  if (scope.service !== SERVICE) {
    throw invalid(
      `The request is signed for the service ${scope.service}, and this is ${SERVICE}: sign for ${SERVICE}.`,
    )
  }
  if (Math.abs(at.nowMs - signedAtMs) > CLOCK_SKEW_MS) {
    const how = signedAtMs < at.nowMs ? 'expired' : 'not yet current'
    throw invalid(
      `Signature ${how}: the request is of ${amzDate}, and here it is ${formatAmzDate(at.nowMs)}. ` +
        'More than 5 minutes are not accepted: set the clock of the client right.',
    )
  }
  return { ...authorization, amzDate, request }
}

/** Whether the request as it came was signed with this secret key. Throws EksFault InvalidSignatureException if not. */
export function requireSignatureOf(secretAccessKey: string, signed: SignedRequest): void {
  const { request, scope, signedHeaders, amzDate, accessKeyId } = signed
  const [path = '', query = ''] = request.url.split(/\?(.*)/s)
  const payloadHash = createHash('sha256').update(request.body).digest('hex')
  const { method, headers } = request
  const signature = requestSignature(
    { method, path, query, headers, payloadHash },
    { signingKey: deriveSigningKey(secretAccessKey, scope), scope, amzDate, signedHeaders },
  )
  if (!isSameSecret(signature, signed.signature)) {
    throw invalid(
      `The signature of the request is not that of the access key ${accessKeyId}: check its secret access key, ` +
        'and that nothing on the way changes method, path, query, signed headers or body.',
    )
  }
}

function missingSignature({ url }: WireRequest): EksFault {
  const isPresigned = /[?&]X-Amz-Signature=/i.test(url)
  return new EksFault(
    'MissingAuthenticationTokenException',
    isPresigned
      ? 'Presigned URLs are not accepted here: sign the request with an Authorization header.'
      : 'The request is not signed: sign it with AWS Signature Version 4, as AWS CLI and SDKs do where they find credentials.',
  )
}

function invalid(message: string): EksFault {
  return new EksFault('InvalidSignatureException', message)
}
