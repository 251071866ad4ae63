import { encodeUri, normalizeQueryPart } from './encoding.ts'

/** Header values by name; a header that came several times is a list. Names in any case. */
export type SignableHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** A request as it goes over the wire: nothing decoded, since the signature covers what was sent. */
export interface SignableRequest {
  readonly method: string
  /** Still encoded, such as `/clusters/web/access-entries/arn%3Aaws...`. */
  readonly path: string
  /** Still encoded, without the question mark. */
  readonly query: string
  /** With `host`, as sent: port included. */
  readonly headers: SignableHeaders
  /** SHA-256 of the body in hex. */
  readonly payloadHash: string
}

/** Makes the text that a signature stands for. `signedHeaders`: lower case, sorted. */
export function canonicalRequest(request: SignableRequest, signedHeaders: readonly string[]): string {
  return [
    request.method.toUpperCase(),
    canonicalPath(request.path),
    canonicalQuery(request.query),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(request.headers, name)}`),
    '',
    signedHeaders.join(';'),
    request.payloadHash,
  ].join('\n')
}

/**
 * Without dot segments and doubled slashes, then encoded once more: of all services S3 alone signs the path as it is.
 * So `%3A` on the wire is `%253A` here.
 */
export function canonicalPath(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(encodeUri(segment))
  }
  const end = path.endsWith('/') && kept.length > 0 ? '/' : ''
  return `/${kept.join('/')}${end}`
}

/** Sorted by name, then by value, as encoded. A name without a value has the empty one. */
export function canonicalQuery(query: string): string {
  const pairs: [string, string][] = []
  for (const piece of query.split('&')) {
    if (piece === '') continue
    const [name = '', ...value] = piece.split('=')
    pairs.push([normalizeQueryPart(name), normalizeQueryPart(value.join('='))])
  }
  // Encoded text is ASCII, of which the order of UTF-16 units is that of bytes.
  pairs.sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

function canonicalValue(headers: SignableHeaders, name: string): string {
  const value = headerValue(headers, name)
  const values = typeof value === 'string' ? [value] : (value ?? [])
  return values.map((one) => one.trim().replaceAll(/\s+/g, ' ')).join(',')
}

/** The value of a header, whatever the case of its name. */
export function headerValue(headers: SignableHeaders, name: string): string | readonly string[] | undefined {
  if (Object.hasOwn(headers, name)) return headers[name]
  const spelled = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name)
  return spelled === undefined ? undefined : headers[spelled]
}
