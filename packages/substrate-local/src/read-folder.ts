import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { hasErrorCode, readFileIfThere } from '@evenkeel/kernel'

/** Files by their path below the folder. */
export type FolderContent = ReadonlyMap<string, string>

interface Known {
  readonly content: FolderContent
  /** `st_mtime` of the folder before it was read, in nanoseconds. */
  readonly mtimeNs: bigint
  readonly readAtMs: number
}

/**
 * A folder that changed within this time before it was read may change once more at the same time of the file system's
 * clock, which ticks a few hundred times a second: what was read then is not relied on.
 */
const QUIET_MS = 1000
/** Files that somebody has changed in place, which a folder does not show, are read again after so long. */
const LONGEST_MS = 60_000

/**
 * Reads folders whose files are replaced as a whole, never written in place: every change is then one of the folder
 * itself, and one that has not changed is not read again.
 */
export class FolderReader {
  readonly #known = new Map<string, Known>()
  readonly #now: () => number

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Lets go of what was read: it may be secret. */
  forget(folder: string): void {
    this.#known.delete(folder)
  }

  /** Empty where there is no such folder. Names that begin with a dot are drafts. */
  async read(folder: string): Promise<FolderContent> {
    const readAtMs = this.#now()
    const mtimeNs = await mtimeOf(folder)
    if (mtimeNs === undefined) {
      this.#known.delete(folder)
      return new Map()
    }
    const known = this.#known.get(folder)
    if (known?.mtimeNs === mtimeNs && Math.abs(readAtMs - known.readAtMs) < LONGEST_MS) return known.content
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(noneIfMissing)
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    const names = files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort()
    const content = new Map<string, string>()
    for (const name of names) {
      const text = await readFileIfThere(join(folder, name))
      if (text !== undefined) content.set(name, text)
    }
    // What changes in a folder below this one does not show here.
    const isFlat = entries.every((entry) => !entry.isDirectory())
    const isQuiet = readAtMs - Number(mtimeNs / 1_000_000n) > QUIET_MS
    if (isFlat && isQuiet) this.#known.set(folder, { content, mtimeNs, readAtMs })
    else this.#known.delete(folder)
    return content
  }
}

async function mtimeOf(folder: string): Promise<bigint | undefined> {
  try {
    return (await stat(folder, { bigint: true })).mtimeNs
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function noneIfMissing(error: unknown): [] {
  if (hasErrorCode(error, 'ENOENT')) return []
  throw error
}
