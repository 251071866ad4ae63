import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** `sha256:` or `sha512:` and the hexadecimal digest. */
export type Digest = string

const HEX_LENGTHS = { sha256: 64, sha512: 128 } as const
export type DigestAlgorithm = keyof typeof HEX_LENGTHS

/**
 * Finds a file's digest in what sites publish: the digest alone, or lines of `<digest>  <name>` as sha256sum prints
 * them. Undefined where it is not there.
 */
export function parsePublishedDigest(text: string, algorithm: DigestAlgorithm, fileName: string): Digest | undefined {
  for (const line of text.split('\n')) {
    const [hex = '', name] = line.trim().split(/\s+\*?/)
    const isDigest = hex.length === HEX_LENGTHS[algorithm] && /^[0-9a-fA-F]+$/.test(hex)
    if (isDigest && (name === undefined || name === fileName)) return `${algorithm}:${hex.toLowerCase()}`
  }
  return undefined
}

/** The digest of a file's content, by the algorithm of `like`. */
export async function digestOfFile(path: string, like: Digest, signal: AbortSignal): Promise<Digest> {
  const algorithm = like.slice(0, like.indexOf(':'))
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path), hash, { signal })
  return `${algorithm}:${hash.digest('hex')}`
}
