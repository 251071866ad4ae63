import { sha256 as sha256OfBytes } from '@noble/hashes/sha2.js'

/** Accounts are namespaces of the home. */
export function accountNamespace(accountId: string): string {
  return `account-${accountId}`
}

/** Holds the secret halves of access keys; the service alone reads it. */
export const IDENTITY_NAMESPACE = 'evenkeel-identity'
/** Holds the signing keys that the service derives from them for the authenticators; keepers read it. */
export const SIGNING_KEY_NAMESPACE = 'evenkeel-signing-keys'

/** A DNS label (RFC 1123), or several joined by dots: what Kubernetes takes as the name of an object. */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
/** So that the name can be the value of a label, too. */
const LONGEST_OBJECT_NAME = 63
/** Of derived names; a given name that begins with it is derived as well, so that the two never meet. */
const DERIVED_PREFIX = 'x-'

/**
 * `metadata.name` of what has an EKS or IAM name: that name where it is a valid object name, else `x-` and a hash. One
 * name gives one object name and no two names the same, so a conflict on create means that the name is taken.
 */
export function objectName(name: string): string {
  const isKept = name.length <= LONGEST_OBJECT_NAME && !name.startsWith(DERIVED_PREFIX) && OBJECT_NAME.test(name)
  return isKept ? name : `${DERIVED_PREFIX}${toAlphabet(sha256(name), LOWER_CASE_AND_DIGITS, 24)}`
}

/**
 * `metadata.name` of a node group. Neither EKS name has a dot, so that no two pairs have one object name, and a conflict
 * on create means that the cluster has a node group of that name.
 */
export function nodeGroupObjectName(clusterName: string, nodegroupName: string): string {
  return objectName(`${clusterName}.${nodegroupName}`)
}

/**
 * Short id of a cluster, from the uid of its object: 10 characters, lower case and digits, the first a letter. It is in
 * folders, sockets (a path has 107 characters), ids of members and the OIDC issuer. 51 bits of a hash.
 */
export function clusterId(uid: string): string {
  const digest = sha256(`cluster ${uid}`)
  return toAlphabet(digest.subarray(0, 4), LETTERS, 1) + toAlphabet(digest.subarray(4), LOWER_CASE_AND_DIGITS, 9)
}

/** EKS's `platformVersion` of a rendering of the control plane: `eks.1` of revision 1. */
export function platformVersion(platformRevision: number): string {
  return `eks.${platformRevision}`
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const LOWER_CASE_AND_DIGITS = `${LETTERS}0123456789`

/** The last `length` digits of a number, written in an alphabet. */
function toAlphabet(bytes: Uint8Array, alphabet: string, length: number): string {
  let rest = 0n
  for (const byte of bytes) {
    rest = rest * 256n + BigInt(byte)
  }
  const base = BigInt(alphabet.length)
  let digits = ''
  for (let at = 0; at < length; at += 1) {
    digits = alphabet.charAt(Number(rest % base)) + digits
    rest /= base
  }
  return digits
}

function sha256(text: string): Uint8Array {
  return sha256OfBytes(new TextEncoder().encode(text))
}
