import type { InstanceFile } from '@evenkeel/substrate'
import { leafOf } from '../../pki/index.ts'
import type { ControlPlaneInput } from './input.ts'
import { instanceName } from './members.ts'

/** Gathers the files of one instance, and tells the path that each will have. */
export class InstanceFiles {
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

/**
 * Adds a certificate with its key as ONE file, which upstream's programs and HAProxy all take for both: it is replaced
 * as a whole, so nobody ever reads a certificate beside another one's key.
 */
export function addLeaf(
  files: InstanceFiles,
  input: ControlPlaneInput,
  leaf: { readonly name: string; readonly path: string; readonly onChange: InstanceFile['onChange'] },
): string {
  const { certificate, key } = leafOf(input.leaves, leaf.name)
  return files.add(leaf.path, `${certificate}${key}`, leaf.onChange)
}

/** Where an instance's files will be. */
export function filesOf(input: ControlPlaneInput, component: Parameters<typeof instanceName>[0], zone: string) {
  const name = instanceName(component, zone)
  return { name, files: new InstanceFiles(input.layout(name).filesRoot) }
}
