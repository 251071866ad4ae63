import { join } from 'node:path'
import { ensureFolder, readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'

/** Kubeconfigs of the home in one folder of mode 0700: files of mode 0600, replaced as a whole. */
export class KubeconfigFiles {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async read(file: string): Promise<string | undefined> {
    return await readFileIfThere(join(this.#root, file))
  }

  async write(file: string, content: string): Promise<void> {
    await ensureFolder(this.#root)
    await writeFileAtomic(join(this.#root, file), content, { durable: true })
  }
}
