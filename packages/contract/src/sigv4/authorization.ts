import { type Credential, isSignature, parseCredential, parseSignedHeaders } from './credential.ts'
import { ALGORITHM } from './signature.ts'

/** An `Authorization` header, read. */
export interface Authorization extends Credential {
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

/** Why a header cannot be read, in a sentence. */
export interface UnreadableAuthorization {
  readonly problem: string
}

/** Reads `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`. */
export function parseAuthorization(header: string): Authorization | UnreadableAuthorization {
  const [algorithm, ...rest] = header.trim().split(/\s+/)
  if (algorithm !== ALGORITHM) return { problem: `The Authorization header must begin with ${ALGORITHM}.` }
  const fields = new Map<string, string>()
  for (const piece of rest.join(' ').split(',')) {
    const [name = '', ...value] = piece.trim().split('=')
    if (fields.has(name))
      return { problem: `The Authorization header names ${JSON.stringify(name.slice(0, 32))} twice.` }
    fields.set(name, value.join('='))
  }
  for (const name of ['Credential', 'SignedHeaders', 'Signature']) {
    if (!fields.has(name)) return { problem: `The Authorization header lacks ${name}.` }
  }
  const credential = parseCredential(fields.get('Credential') ?? '')
  if (credential === undefined) {
    return { problem: 'Credential must be <access key id>/<yyyymmdd>/<region>/<service>/aws4_request.' }
  }
  const signedHeaders = parseSignedHeaders(fields.get('SignedHeaders') ?? '')
  if (signedHeaders === undefined) {
    return { problem: 'SignedHeaders must be lower-case names in order, with semicolons between them.' }
  }
  const signature = fields.get('Signature') ?? ''
  if (!isSignature(signature)) return { problem: 'Signature must be 64 lower-case hexadecimal digits.' }
  return { ...credential, signedHeaders, signature }
}

export function formatAuthorization(authorization: Authorization, scope: string): string {
  const { accessKeyId, signedHeaders, signature } = authorization
  const headers = signedHeaders.join(';')
  return `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${headers}, Signature=${signature}`
}
