import type { InstanceFile } from '@evenkeel/substrate'

/** Gathers the files of one program, and tells the path that each will have below `root`. */
export class RenderedFiles {
  readonly #root: string
  readonly #files: InstanceFile[] = []

  constructor(root: string) {
    this.#root = root
  }

  add(path: string, content: string, onChange: InstanceFile['onChange']): string {
    this.#files.push({ path, content, onChange })
    return `${this.#root}/${path}`
  }

  /** A configuration object of upstream's programs, which take JSON wherever they take YAML. */
  addJson(path: string, content: object, onChange: InstanceFile['onChange']): string {
    return this.add(path, `${JSON.stringify(content, null, 2)}\n`, onChange)
  }

  all(): readonly InstanceFile[] {
    return this.#files
  }
}
