import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { explainDiskError } from '../store/index.ts'

export interface CountedWrite {
  readonly path: string
  /** `a` continues the file, `w` begins it anew. */
  readonly flags: 'a' | 'w'
  readonly signal: AbortSignal
  readonly onPiece: (bytes: number) => void
}

/** Writes a stream to a file and says how much of it has come. A disk that is full or closed is a DistributionError. */
export async function writeCounted(source: AsyncIterable<Uint8Array>, write: CountedWrite): Promise<void> {
  const { path, flags, signal, onPiece } = write
  async function* count(pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      onPiece(piece.length)
      yield piece
    }
  }
  const sink = createWriteStream(path, { flags })
  // Only errors of the sink are the disk's: the same codes of the source would be another matter.
  let sinkError: unknown
  sink.on('error', (error) => {
    sinkError ??= error
  })
  try {
    await pipeline(source, count, sink, { signal })
  } catch (error) {
    // A write under way would else arrive after whoever looks at the file's length next.
    if (!sink.closed) await once(sink, 'close')
    signal.throwIfAborted()
    if (error === sinkError) explainDiskError(path)(error)
    throw error
  }
}
