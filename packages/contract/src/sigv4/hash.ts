import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

const utf8 = new TextEncoder()

/** SHA-256 in lower-case hex; text counts as UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return bytesToHex(sha256(typeof data === 'string' ? utf8.encode(data) : data))
}

/** HMAC-SHA-256 of a text (UTF-8): 32 bytes. */
export function hmacSha256(key: Uint8Array, text: string): Uint8Array {
  return hmac(sha256, key, utf8.encode(text))
}

/** Payload hash of a request without a body. */
export const EMPTY_PAYLOAD_HASH = sha256Hex('')

/** Whether two texts are the same, in a time that does not tell where they differ. Their lengths are no secret. */
export function isSameSecret(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let at = 0; at < one.length; at++) {
    difference |= one.charCodeAt(at) ^ (at < other.length ? other.charCodeAt(at) : 0)
  }
  return difference === 0
}
