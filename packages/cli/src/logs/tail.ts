import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { hasErrorCode, namesIn, statIfThere, systemClock } from '@evenkeel/kernel'

/** s6-log writes here; older pieces have names of their own, beginning with `@`, which sort by time. */
const CURRENT = 'current'

/** The pieces of one log, oldest first. */
async function piecesOf(folder: string): Promise<string[]> {
  const names = await namesIn(folder)
  const rotated = names.filter((name) => name.startsWith('@')).sort()
  return [...rotated, ...names.filter((name) => name === CURRENT)]
}

/** A place in a log: what is before it is told by `lastLines`, what is behind it by `followLines`. */
export interface LogMark {
  readonly inode: number
  readonly bytes: number
}

/** The end of a log as it is now; undefined where nothing is written yet. */
export async function markEnd(folder: string): Promise<LogMark | undefined> {
  const found = await statIfThere(join(folder, CURRENT))
  return found === undefined ? undefined : { inode: found.ino, bytes: found.size }
}

/** The last `count` lines of a log before `mark`, over its pieces. A line that is still being written counts. */
export async function lastLines(folder: string, count: number, mark: LogMark | undefined): Promise<string[]> {
  let lines: string[] = []
  for (const piece of (await piecesOf(folder)).reverse()) {
    if (lines.length >= count) break
    const own: string[] = []
    const length = piece === CURRENT ? (mark?.bytes ?? 0) : Number.POSITIVE_INFINITY
    if (length === 0) continue
    try {
      const input = createReadStream(join(folder, piece), { end: length - 1 })
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        own.push(line)
        if (own.length > count) own.shift()
      }
    } catch (error) {
      // Rotated away between listing and reading.
      if (!hasErrorCode(error, 'ENOENT')) throw error
    }
    lines = [...own, ...lines].slice(-count)
  }
  return count === 0 ? [] : lines
}

const LOOK_INTERVAL_MS = 200
const CHUNK_BYTES = 64 * 1024

export interface FollowLinesOptions {
  /** Where to begin. */
  readonly mark: LogMark | undefined
  readonly signal: AbortSignal
  tell(line: string): void
}

/**
 * Hands on each line that is written after `mark`, through rotations and restarts of the program and its logger, until
 * the signal. What is rotated away before it was read comes from the rotated pieces, as far as they are still there.
 */
export async function followLines(folder: string, options: FollowLinesOptions): Promise<void> {
  const { mark, signal, tell } = options
  const path = join(folder, CURRENT)
  let piece = mark === undefined ? undefined : await openMarked(folder, mark)
  let rest = Buffer.alloc(0)
  const readAll = async (): Promise<void> => {
    if (piece === undefined) return
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await piece.file.read(chunk, 0, CHUNK_BYTES, piece.position)
      if (bytesRead === 0) return
      piece.position += bytesRead
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)])
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        tell(rest.subarray(0, end).toString('utf8'))
        rest = rest.subarray(end + 1)
      }
    }
  }
  try {
    while (!signal.aborted) {
      await readAll()
      const inode = (await statIfThere(path))?.ino
      if (inode !== undefined && inode !== piece?.inode) {
        // What came between the last read and the rotation.
        await readAll()
        const next = await openNext(folder, piece?.inode)
        if (next !== undefined) {
          await piece?.file.close()
          piece = next
          continue
        }
      }
      await systemClock.sleep(LOOK_INTERVAL_MS, signal).catch(() => {})
    }
  } finally {
    await piece?.file.close()
  }
}

interface Piece {
  readonly file: FileHandle
  readonly inode: number
  position: number
}

/** The piece in which `mark` is, at the mark, whatever its name is by now. */
async function openMarked(folder: string, mark: LogMark): Promise<Piece | undefined> {
  const piece = await openPiece(folder, (inodes) => inodes.indexOf(mark.inode))
  if (piece !== undefined) piece.position = mark.bytes
  return piece
}

/** The piece after the one with `inode`; the oldest where that one is gone, or was never there. */
async function openNext(folder: string, inode: number | undefined): Promise<Piece | undefined> {
  return await openPiece(folder, (inodes) => inodes.indexOf(inode) + 1)
}

/** Opens the piece that `choose` takes of all, which it gets as inodes from the oldest to the current one. */
async function openPiece(
  folder: string,
  choose: (inodes: readonly (number | undefined)[]) => number,
): Promise<Piece | undefined> {
  for (;;) {
    const names = await piecesOf(folder)
    const inodes = await Promise.all(names.map(async (name) => (await statIfThere(join(folder, name)))?.ino))
    const at = choose(inodes)
    const name = names[at]
    if (name === undefined) return undefined
    const file = await openIfThere(join(folder, name))
    // Rotated between the look and this: by its name it is another one now.
    if (file !== undefined && (await file.stat()).ino === inodes[at]) {
      return { file, inode: inodes[at] as number, position: 0 }
    }
    await file?.close()
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}
