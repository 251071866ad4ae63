import type { SigningCredentials } from './credential.ts'
import { decodeBase64Url, encodeBase64Url } from './encoding.ts'
import { isSameSecret } from './hash.ts'
import { type PresignedUrl, parsePresignedUrl, presignedSignature, presignUrl } from './presigned-url.ts'

const PREFIX = 'k8s-aws-v1.'
/** Longer ones are not read; those of clients have about 500 characters. */
const LONGEST_TOKEN = 4096
const CLUSTER_HEADER = 'x-k8s-aws-id'
const SIGNED_HEADERS = `host;${CLUSTER_HEADER}`
/** The service that tokens are presigned for. */
export const TOKEN_SERVICE = 'sts'
/** How long after its signing a token is good, whatever its `X-Amz-Expires` says: as EKS has it. */
export const TOKEN_LIFETIME_MS = 15 * 60_000
/** How far the clock of a client may be ahead of ours. */
const CLOCK_SKEW_MS = 5 * 60_000
/** What clients presign with, in seconds. */
const PRESIGNED_SECONDS = 60
const LONGEST_PRESIGNED_SECONDS = 900

const PARAMETERS = new Set([
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
])

/** A presigned GetCallerIdentity, read: everything but its time, scope and signature is as it must be. */
export type ClusterToken = PresignedUrl

export type TokenRefusalReason =
  | 'badSignature'
  | 'expired'
  | 'malformed'
  | 'noKeyForDay'
  | 'notYetValid'
  | 'sessionToken'
  | 'tooLong'
  | 'unknownKey'
  | 'unknownParameter'
  | 'wrongAction'
  | 'wrongHeaders'
  | 'wrongPath'
  | 'wrongRegion'
  | 'wrongService'

/** Why a token is not accepted. `detail` is a sentence for people, and never holds a part of the token that is secret. */
export interface TokenRefusal {
  readonly reason: TokenRefusalReason
  readonly detail: string
}

export type Verdict<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: TokenRefusal }

export interface ClusterTokenOptions {
  /** EKS name. */
  readonly clusterName: string
  readonly region: string
  readonly credentials: SigningCredentials
  readonly nowMs: number
  /** Whom the URL addresses, such as `http://127.0.0.1:8080`; AWS's own host of the region when not given. */
  readonly endpoint?: string
}

/** A token as `aws eks get-token` makes it. */
export function clusterToken(options: ClusterTokenOptions): string {
  const { clusterName, region, credentials, nowMs } = options
  const endpoint = options.endpoint ?? `https://sts.${region}.amazonaws.com`
  const url = presignUrl(
    {
      method: 'GET',
      url: `${endpoint.replace(/\/$/, '')}/`,
      parameters: [
        ['Action', 'GetCallerIdentity'],
        ['Version', '2011-06-15'],
      ],
      headers: { [CLUSTER_HEADER]: clusterName },
    },
    { credentials, region, service: TOKEN_SERVICE, nowMs, expiresSeconds: PRESIGNED_SECONDS },
  )
  return PREFIX + encodeBase64Url(url)
}

/** Reads a token. Any host is accepted: nobody calls it, and a client presigns against whatever endpoint it was given. */
export function parseClusterToken(token: string): Verdict<ClusterToken> {
  if (token.length > LONGEST_TOKEN) return refuse('tooLong', `The token is longer than ${LONGEST_TOKEN} characters.`)
  if (!token.startsWith(PREFIX)) return refuse('malformed', `The token does not begin with ${PREFIX}`)
  const url = decodeBase64Url(token.slice(PREFIX.length))
  if (url === undefined) return refuse('malformed', 'The token is not base64url without padding.')
  // Before anything else is judged, so that a foreign URL is told what it is.
  const query = url.indexOf('?')
  const names = query < 0 ? [] : url.slice(query + 1).split('&')
  const unknown = names.map((piece) => piece.split('=')[0] ?? '').find((name) => !PARAMETERS.has(name))
  if (unknown !== undefined) {
    return refuse('unknownParameter', `The token's URL has a parameter ${JSON.stringify(unknown.slice(0, 64))}.`)
  }
  const parsed = parsePresignedUrl(url)
  if ('problem' in parsed) return refuse('malformed', `The token's URL cannot be read: ${parsed.problem}.`)
  if (parsed.path !== '/') return refuse('wrongPath', "The path of the token's URL is not /.")
  if (parsed.signedHeaders.join(';') !== SIGNED_HEADERS) {
    return refuse('wrongHeaders', `The token must sign the headers ${SIGNED_HEADERS} and no others.`)
  }
  if (parsed.expiresSeconds > LONGEST_PRESIGNED_SECONDS) {
    return refuse('malformed', `X-Amz-Expires of the token is more than ${LONGEST_PRESIGNED_SECONDS} seconds.`)
  }
  const { parameters } = parsed
  if (parameters.get('Action') !== 'GetCallerIdentity' || parameters.get('Version') !== '2011-06-15') {
    return refuse('wrongAction', "The token's URL does not ask for GetCallerIdentity of version 2011-06-15.")
  }
  if (parameters.has('X-Amz-Security-Token')) {
    return refuse('sessionToken', 'No session tokens are issued here: unset AWS_SESSION_TOKEN and use an access key.')
  }
  return { ok: true, value: parsed }
}

export interface VerifyClusterTokenOptions {
  /** EKS name of the cluster that the token was shown to. */
  readonly clusterName: string
  readonly region: string
  readonly nowMs: number
  /** The key of an access key for `sts` in our region on a day, or why there is none. */
  signingKeyOf(accessKeyId: string, day: string): Uint8Array | 'unknownKey' | 'noKeyForDay'
}

/** Whether the holder of the access key made this token, for this cluster, just now. */
export function verifyClusterToken(token: ClusterToken, options: VerifyClusterTokenOptions): Verdict<ClusterToken> {
  const { region, nowMs } = options
  const { accessKeyId, scope, signedAtMs } = token
  if (scope.service !== TOKEN_SERVICE) {
    return refuse('wrongService', `The token is signed for the service ${scope.service}, not ${TOKEN_SERVICE}.`)
  }
  if (scope.region !== region) {
    return refuse('wrongRegion', `The token is signed for the region ${scope.region}: sign for ${region}.`)
  }
  if (signedAtMs > nowMs + CLOCK_SKEW_MS) {
    return refuse('notYetValid', `The token is signed in the future (${token.amzDate}): set the client's clock right.`)
  }
  if (signedAtMs + TOKEN_LIFETIME_MS < nowMs) {
    return refuse('expired', `The token was signed at ${token.amzDate}, more than 15 minutes ago: get a new one.`)
  }
  const signingKey = options.signingKeyOf(accessKeyId, scope.day)
  if (signingKey === 'unknownKey') return refuse('unknownKey', `The access key ${accessKeyId} is not known here.`)
  if (signingKey === 'noKeyForDay') {
    return refuse(
      'noKeyForDay',
      `There is no signing key of ${accessKeyId} for ${scope.day}: has the service been down for weeks?`,
    )
  }
  if (!isTokenOf(options.clusterName, token, signingKey)) {
    return refuse(
      'badSignature',
      `The signature is not that of ${accessKeyId} for the cluster ${options.clusterName}: another secret key, another cluster, or a changed token.`,
    )
  }
  return { ok: true, value: token }
}

/** Whether the token's signature is that of this key for this cluster. */
export function isTokenOf(clusterName: string, token: ClusterToken, signingKey: Uint8Array): boolean {
  const headers = { [CLUSTER_HEADER]: clusterName }
  return isSameSecret(presignedSignature(token, { method: 'GET', headers, signingKey }), token.signature)
}

function refuse(reason: TokenRefusalReason, detail: string): Verdict<never> {
  return { ok: false, refusal: { reason, detail } }
}
