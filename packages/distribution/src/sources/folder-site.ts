import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode, readFileIfThere } from '@evenkeel/kernel'
import { writeCounted } from './counted-write.ts'
import type { Site, SiteFile, Transfer } from './site.ts'
import { SourceSkip } from './source.ts'

/** A mirror that is a folder, such as a mounted disk. */
export function createFolderSite(folder: string): Site {
  const describe = (path: string) => join(folder, path)
  const sizeOf = async (path: string): Promise<number | undefined> => {
    try {
      const found = await stat(describe(path))
      return found.isFile() ? found.size : undefined
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw skipUnreadable(describe(path), error)
    }
  }
  return {
    describe,
    async readText(path) {
      try {
        return await readFileIfThere(describe(path))
      } catch (error) {
        throw skipUnreadable(describe(path), error)
      }
    },
    async has(path) {
      return (await sizeOf(path)) !== undefined
    },
    async download(file: SiteFile, { signal, onBytes }: Transfer) {
      const totalBytes = await sizeOf(file.path)
      if (totalBytes === undefined) throw new SourceSkip(`${describe(file.path)} does not exist`)
      let doneBytes = 0
      const onPiece = (bytes: number) => {
        doneBytes += bytes
        onBytes(doneBytes, totalBytes)
      }
      await writeCounted(createReadStream(describe(file.path)), { path: file.partial, flags: 'w', signal, onPiece })
      return { resumed: false }
    },
    async close() {},
  }
}

function skipUnreadable(path: string, error: unknown): SourceSkip {
  return new SourceSkip(`${path} cannot be read (${String(error)})`, { cause: error })
}
