import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { DistributionError } from '../faults.ts'

/** What a tar holds, as far as it matters for images. Names are without `./` in front. */
export interface Scan {
  /** Lengths of its files, in bytes. */
  readonly sizes: ReadonlyMap<string, number>
  /** Names that are links. */
  readonly links: ReadonlySet<string>
  /** Small files that may be JSON. */
  readonly texts: ReadonlyMap<string, string>
  /** SHA-256 of its files, in hexadecimal digits. */
  readonly digests: ReadonlyMap<string, string>
  /** Files that are compressed with gzip or zstd. */
  readonly compressed: ReadonlySet<string>
}

/** No manifest and no configuration is larger: registries refuse manifests over 4 MiB. */
const TEXT_BYTES = 4 * 2 ** 20
/** Of all texts together: an archive may hold many images, and no archive may hold our memory. */
const ALL_TEXTS_BYTES = 64 * 2 ** 20

/**
 * Reads a whole tar once. Throws `damaged-image` where it ends early, is no tar, or a blob is not what its name (its
 * digest) says. `title`: what people call the file.
 */
export async function scanTar(path: string, title: string, signal: AbortSignal): Promise<Scan> {
  const sizes = new Map<string, number>()
  const links = new Set<string>()
  const texts = new Map<string, string>()
  const digests = new Map<string, string>()
  const compressed = new Set<string>()
  let textBytes = 0
  const tar = extract()
  const read = async () => {
    for await (const entry of tar) {
      const { name: given, size, type } = entry.header
      const name = posix.normalize(given)
      if (type === 'symlink' || type === 'link') links.add(name)
      if (type !== 'file' && type !== 'contiguous-file') {
        entry.resume()
        continue
      }
      sizes.set(name, size)
      const hash = createHash('sha256')
      const pieces: Uint8Array[] = []
      let isText = size <= TEXT_BYTES && textBytes + size <= ALL_TEXTS_BYTES
      let isFirst = true
      for await (const piece of entry as AsyncIterable<Uint8Array>) {
        hash.update(piece)
        if (isFirst) {
          const start = Buffer.from(piece.subarray(0, 64))
          // JSON begins so; layers do not.
          isText &&= /^\s*[[{]/.test(start.toString('latin1'))
          if (/^(1f8b|28b52ffd)/.test(start.toString('hex'))) compressed.add(name)
          isFirst = false
        }
        if (isText) pieces.push(piece)
      }
      const digest = hash.digest('hex')
      digests.set(name, digest)
      const named = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1] ?? digest
      if (digest !== named) {
        throw new DistributionError(
          'damaged-image',
          `${title} is damaged: ${name} is not what its name says: make it anew`,
        )
      }
      if (!isText) continue
      textBytes += size
      texts.set(name, Buffer.concat(pieces).toString('utf8'))
    }
  }
  try {
    await Promise.all([read(), pipeline(createReadStream(path), tar, { signal })])
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof DistributionError) throw error
    const message = error instanceof Error ? error.message : String(error)
    if (/invalid tar header/i.test(message) && sizes.size === 0) {
      throw new DistributionError('not-an-image', `${title} is no tar. ${HOW_TO_SAVE}`, { cause: error })
    }
    if (/invalid tar header|unexpected end of data/i.test(message)) {
      throw new DistributionError('damaged-image', `${title} is damaged or cut short (${message}): make it anew`, {
        cause: error,
      })
    }
    throw error
  }
  return { sizes, links, texts, digests, compressed }
}

/** The next step where a file is not what can be loaded. */
export const HOW_TO_SAVE =
  'Images are loaded from archives such as "docker save NAME:TAG -o FILE", "podman save NAME:TAG -o FILE" or "crane pull NAME:TAG FILE" make'
