import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface WriteFileOptions {
  /** Of the file, whatever the umask; 0o600 when not given. */
  readonly mode?: number
  /** On disk (file and folder entry) when the call returns: what must outlive a power cut. */
  readonly durable?: boolean
}

/**
 * Replaces a file as a whole: a reader sees the old content or the new, never a part, and a failed write (a full disk)
 * leaves the old one. The folder must exist.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  const folder = dirname(path)
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(content)
      // After the content, so that nobody reads a half-written file; by chmod, since the umask cuts the mode of open.
      await file.chmod(options.mode ?? 0o600)
      if (options.durable) {
        await file.sync()
      }
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  if (options.durable) {
    await syncFolder(folder)
  }
}

/** Puts on disk which files a folder has: after a rename or a removal that must outlive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The content as UTF-8, or undefined where there is no such file (or no such folder). */
export async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) {
      return undefined
    }
    throw error
  }
}

/** What the file system says of a path, or undefined where there is nothing. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) {
      return undefined
    }
    throw error
  }
}

/** Names in a folder; none where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) {
      return []
    }
    throw error
  }
}

/** Makes a folder and what is missing above it, all with `mode`. A folder that exists keeps the mode that it has. */
export async function ensureFolder(path: string, mode = 0o700): Promise<void> {
  await mkdir(path, { recursive: true, mode })
}

/** Whether an error of the operating system has one of `codes`, such as `ENOENT`. */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}
