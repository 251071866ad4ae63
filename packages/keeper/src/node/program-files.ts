import type { InstanceFile, MachineLayout } from '@evenkeel/substrate'

/** Gathers the files of one program of a machine, and tells the path that each has in the machine. */
export class ProgramFiles {
  readonly #root: string
  readonly #files: InstanceFile[] = []

  constructor({ files }: MachineLayout) {
    this.#root = files
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
