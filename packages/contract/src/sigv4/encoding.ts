const utf8 = new TextEncoder()
/** RFC 3986 section 2.3: the only characters that SigV4 leaves as they are. */
const UNRESERVED = /^[A-Za-z0-9\-._~]$/

/** Percent-encodes every byte (of the text's UTF-8) that is not unreserved. */
export function encodeUri(text: string): string {
  if (/^[A-Za-z0-9\-._~]*$/.test(text)) return text
  return [...utf8.encode(text)].map(encodeByte).join('')
}

/**
 * One name or value of a query as it came over the wire, in SigV4's one spelling: percent-encoded once, whatever the
 * sender left unencoded or spelled in lower case. `+` counts as a space, since that is how queries are read.
 */
export function normalizeQueryPart(raw: string): string {
  if (/^[A-Za-z0-9\-._~]*$/.test(raw)) return raw
  return raw.replaceAll(/%([0-9A-Fa-f]{2})|[\s\S]/gu, (piece, hex: string | undefined) => {
    if (hex !== undefined) return encodeByte(Number.parseInt(hex, 16))
    return piece === '+' ? '%20' : encodeUri(piece)
  })
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte)
  return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** Base64url without padding, of a text in ASCII. */
export function encodeBase64Url(ascii: string): string {
  return btoa(ascii).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The ASCII text of a base64url without padding; undefined for anything that `encodeBase64Url` does not give. */
export function decodeBase64Url(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return undefined
  const decoded = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  // Several spellings of one text would be several tokens that mean the same.
  return /^[\x20-\x7e]*$/.test(decoded) && encodeBase64Url(decoded) === text ? decoded : undefined
}
