import { readdir, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { ensureFolder, hasErrorCode, readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'
import type { AuthenticatorFolder } from './folder.ts'

/** The authenticators' folder on this machine: files of mode 0600, folders of mode 0700, replaced as a whole. */
export class FileFolder implements AuthenticatorFolder {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async read(file: string): Promise<string | undefined> {
    return await readFileIfThere(join(this.#root, file))
  }

  async write(file: string, content: string): Promise<void> {
    const path = join(this.#root, file)
    await ensureFolder(dirname(path))
    await writeFileAtomic(path, content)
  }

  async remove(file: string): Promise<void> {
    await rm(join(this.#root, file), { force: true })
  }

  async list(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#root, { recursive: true, withFileTypes: true })
      // Drafts begin with a dot.
      const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      return files.map((entry) => relative(this.#root, join(entry.parentPath, entry.name)))
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) {
        return []
      }
      throw error
    }
  }
}
