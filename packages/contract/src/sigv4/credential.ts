import { SCOPE_END, type SigningScope } from './signature.ts'

/** `Credential` of a signature: whose key, and what for. */
export interface Credential {
  readonly accessKeyId: string
  readonly scope: SigningScope
}

/** Of `<key>/<day>/<region>/<service>/aws4_request`; undefined for anything else. */
export function parseCredential(text: string): Credential | undefined {
  const match = /^([A-Za-z0-9]{16,128})\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/([^/]*)$/.exec(text)
  if (match === null || match[5] !== SCOPE_END) return undefined
  const [, accessKeyId = '', day = '', region = '', service = ''] = match
  return { accessKeyId, scope: { day, region, service } }
}

/** Names of `a;b;c`: lower case, sorted, each once; undefined for anything else. */
export function parseSignedHeaders(text: string): readonly string[] | undefined {
  const names = text.split(';')
  const isWellFormed = names.every((name, at) => {
    const before = names[at - 1]
    return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && (before === undefined || before < name)
  })
  return isWellFormed ? names : undefined
}

export function isSignature(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** A key to sign with: the secret, or what was derived from it for the day, region and service in question. */
export type SigningCredentials = { readonly accessKeyId: string } & (
  | { readonly secretAccessKey: string }
  | { readonly signingKey: Uint8Array }
)
