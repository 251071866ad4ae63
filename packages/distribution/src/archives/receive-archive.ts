import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { addAbortSignal, type Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { hasErrorCode } from '@evenkeel/kernel'
import { DistributionError } from '../faults.ts'
import { HOW_TO_SAVE } from './scan.ts'

export interface Receipt {
  /** SHA-256 of what was written, in hexadecimal digits. */
  readonly digest: string
  readonly bytes: number
}

export interface Reception {
  /** The file to write. */
  readonly path: string
  /** What people call the source. */
  readonly title: string
  /** How much may be written. */
  readonly roomBytes: number
  readonly signal: AbortSignal
}

type Compression = { readonly name: string; readonly unpack?: () => Transform }

/** How compressed files begin. Nodes read plain tars alone (`ctr images import --local`). */
const COMPRESSIONS: readonly (Compression & { readonly magic: string })[] = [
  { name: 'gzip', magic: '1f8b', unpack: createGunzip },
  { name: 'zstd', magic: '28b52ffd', unpack: createZstdDecompress },
  { name: 'xz', magic: 'fd377a585a00' },
  { name: 'bzip2', magic: '425a68' },
]

/**
 * Writes a source to a file, unpacked where it is compressed. Throws `disk-full` where there is no room, `not-an-image`
 * where it cannot be unpacked, and errors of the source as they are.
 */
export async function receiveArchive(
  source: Readable,
  { path, title, roomBytes, signal }: Reception,
): Promise<Receipt> {
  const hash = createHash('sha256')
  let bytes = 0
  const full = (cause?: unknown) =>
    new DistributionError(
      'disk-full',
      `there is no room for ${title} in the image store (${path.slice(0, path.lastIndexOf('/'))}): free some, or remove images that are not used (./evenkeel image list, ./evenkeel image remove)`,
      { cause },
    )
  async function* count(pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      hash.update(piece)
      bytes += piece.length
      if (bytes > roomBytes) throw full()
      yield piece
    }
  }
  // From the first byte on: a pipe may never give one.
  addAbortSignal(signal, source)
  const { compression, whole } = await lookAhead(source)
  if (compression !== undefined && compression.unpack === undefined) {
    throw new DistributionError(
      'not-an-image',
      `${title} is compressed with ${compression.name}: unpack it and load that`,
    )
  }
  const sink = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  let unpackError: unknown
  try {
    const unpack = compression?.unpack?.()
    unpack?.on('error', (error) => {
      unpackError ??= error
    })
    if (unpack === undefined) await pipeline(whole, count, sink, { signal })
    else await pipeline(whole, unpack, count, sink, { signal })
  } catch (error) {
    signal.throwIfAborted()
    if (hasErrorCode(error, 'ENOSPC', 'EDQUOT')) throw full(error)
    if (error === unpackError) {
      const why = error instanceof Error ? error.message : String(error)
      throw new DistributionError(
        'damaged-image',
        `${title} cannot be unpacked with ${compression?.name} (${why}): make it anew`,
        {
          cause: error,
        },
      )
    }
    throw error
  }
  if (bytes === 0) throw new DistributionError('not-an-image', `${title} is empty. ${HOW_TO_SAVE}`)
  return { digest: hash.digest('hex'), bytes }
}

/** Reads the first bytes of a source, and gives back all of it. */
async function lookAhead(
  source: Readable,
): Promise<{ readonly compression: Compression | undefined; readonly whole: AsyncIterable<Uint8Array> }> {
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const ahead: Uint8Array[] = []
  let length = 0
  while (length < 8) {
    const next = await pieces.next()
    if (next.done === true) break
    ahead.push(next.value)
    length += next.value.length
  }
  const start = Buffer.concat(ahead).subarray(0, 8).toString('hex')
  async function* again() {
    yield* ahead
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value
  }
  return { compression: COMPRESSIONS.find(({ magic }) => start.startsWith(magic)), whole: again() }
}
