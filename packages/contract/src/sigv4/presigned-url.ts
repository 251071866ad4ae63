import type { SignableHeaders } from './canonical-request.ts'
import {
  type Credential,
  isSignature,
  parseCredential,
  parseSignedHeaders,
  type SigningCredentials,
} from './credential.ts'
import { encodeUri } from './encoding.ts'
import { EMPTY_PAYLOAD_HASH } from './hash.ts'
import { signingKeyOf } from './sign-request.ts'
import { ALGORITHM, formatScope, requestSignature } from './signature.ts'
import { formatAmzDate, parseAmzDate, signingDay } from './time.ts'

/** A request whose signature is in its query, read but not verified. */
export interface PresignedUrl extends Credential {
  readonly protocol: 'http' | 'https'
  /** As the client's HTTP library sends it: lower case, with a port that is not the scheme's own. */
  readonly host: string
  /** Still encoded. */
  readonly path: string
  /** Still encoded, without `X-Amz-Signature`: what is signed. */
  readonly query: string
  /** Decoded, those of the signature included. Each name is there once. */
  readonly parameters: ReadonlyMap<string, string>
  readonly amzDate: string
  /** Milliseconds since the epoch. */
  readonly signedAtMs: number
  readonly expiresSeconds: number
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

export interface UnreadableUrl {
  readonly problem: string
}

export interface UrlToPresign {
  readonly method: string
  /** Without query; its path encoded already. */
  readonly url: string
  /** In order; encoded here. */
  readonly parameters: readonly (readonly [string, string])[]
  /** To be signed and sent beside `host`. */
  readonly headers: SignableHeaders
}

export interface PresignOptions {
  readonly credentials: SigningCredentials
  readonly region: string
  readonly service: string
  readonly nowMs: number
  readonly expiresSeconds: number
}

/** A URL that carries the signature of a request without a body. */
export function presignUrl(request: UrlToPresign, options: PresignOptions): string {
  const location = parseLocation(request.url)
  if (location === undefined) throw new Error(`${JSON.stringify(request.url)} is no http or https URL to be presigned`)
  const { credentials, region, service, nowMs, expiresSeconds } = options
  const scope = { day: signingDay(nowMs), region, service }
  const amzDate = formatAmzDate(nowMs)
  const headers: SignableHeaders = { ...request.headers, host: location.host }
  const signedHeaders = Object.keys(headers).sort()
  const parameters = [
    ...request.parameters,
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${formatScope(scope)}`],
    ['X-Amz-Date', amzDate],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', signedHeaders.join(';')],
  ] as const
  const query = parameters.map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`).join('&')
  const signature = requestSignature(
    { method: request.method, path: location.path, query, headers, payloadHash: EMPTY_PAYLOAD_HASH },
    { signingKey: signingKeyOf(credentials, scope), scope, amzDate, signedHeaders },
  )
  return `${location.protocol}://${location.host}${location.path}?${query}&X-Amz-Signature=${signature}`
}

/** Reads a presigned URL; says what is wrong with one that cannot be. */
export function parsePresignedUrl(url: string): PresignedUrl | UnreadableUrl {
  const mark = url.indexOf('?')
  const location = parseLocation(mark < 0 ? url : url.slice(0, mark))
  if (location === undefined) return { problem: 'it is not an http or https URL' }
  if (url.includes('#')) return { problem: 'it has a fragment' }
  const parameters = new Map<string, string>()
  const signed: string[] = []
  for (const piece of mark < 0 ? [] : url.slice(mark + 1).split('&')) {
    const [rawName = '', ...rest] = piece.split('=')
    const name = decodePart(rawName)
    const value = decodePart(rest.join('='))
    if (name === undefined || value === undefined) return { problem: 'its query is not percent-encoded UTF-8' }
    if (parameters.has(name)) return { problem: `it has ${printable(name)} twice` }
    parameters.set(name, value)
    if (name !== 'X-Amz-Signature') signed.push(piece)
  }
  return readParameters(parameters, { ...location, query: signed.join('&') })
}

/** Verifies nothing but the signature: the caller judges time, scope, path and parameters. */
export function presignedSignature(
  url: PresignedUrl,
  options: { readonly method: string; readonly headers: SignableHeaders; readonly signingKey: Uint8Array },
): string {
  const { scope, amzDate, signedHeaders, path, query } = url
  const headers = { ...options.headers, host: url.host }
  return requestSignature(
    { method: options.method, path, query, headers, payloadHash: EMPTY_PAYLOAD_HASH },
    { signingKey: options.signingKey, scope, amzDate, signedHeaders },
  )
}

type Location = Pick<PresignedUrl, 'protocol' | 'host' | 'path'>

function readParameters(
  parameters: ReadonlyMap<string, string>,
  location: Location & { readonly query: string },
): PresignedUrl | UnreadableUrl {
  const parameter = (name: string): string => parameters.get(name) ?? ''
  if (parameter('X-Amz-Algorithm') !== ALGORITHM) return { problem: `X-Amz-Algorithm is not ${ALGORITHM}` }
  const credential = parseCredential(parameter('X-Amz-Credential'))
  if (credential === undefined)
    return { problem: 'X-Amz-Credential is not <key>/<day>/<region>/<service>/aws4_request' }
  const amzDate = parameter('X-Amz-Date')
  const signedAtMs = parseAmzDate(amzDate)
  if (signedAtMs === undefined) return { problem: 'X-Amz-Date is not a time such as 20261124T003512Z' }
  if (signingDay(signedAtMs) !== credential.scope.day)
    return { problem: 'X-Amz-Date is of another day than X-Amz-Credential' }
  if (!/^\d{1,6}$/.test(parameter('X-Amz-Expires'))) return { problem: 'X-Amz-Expires is not a number of seconds' }
  const signedHeaders = parseSignedHeaders(parameter('X-Amz-SignedHeaders'))
  if (signedHeaders === undefined) return { problem: 'X-Amz-SignedHeaders is not a sorted list of names' }
  const signature = parameter('X-Amz-Signature')
  if (!isSignature(signature)) return { problem: 'X-Amz-Signature is not 64 lower-case hexadecimal digits' }
  const expiresSeconds = Number(parameter('X-Amz-Expires'))
  return { ...location, ...credential, parameters, amzDate, signedAtMs, expiresSeconds, signedHeaders, signature }
}

/** A name or an address, and a port; no user info. */
const URL_START = /^(https?):\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(\/.*)?$/

function parseLocation(url: string): Location | undefined {
  const match = URL_START.exec(url)
  if (match === null) return undefined
  const protocol = match[1] === 'http' ? 'http' : 'https'
  const host = (match[2] ?? '').toLowerCase()
  const port = match[3]
  // Clients leave the scheme's own port out of the Host header that they sign.
  const isOwnPort = port === undefined || Number(port) === (protocol === 'http' ? 80 : 443)
  return { protocol, host: isOwnPort ? host : `${host}:${port}`, path: match[4] ?? '/' }
}

function decodePart(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '))
  } catch {
    // Not UTF-8, or a percent sign that begins no escape.
    return undefined
  }
}

function printable(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}
