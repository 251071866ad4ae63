import type { InstanceFile } from '@evenkeel/substrate'
import { leafOf } from '../../pki/index.ts'
import { RenderedFiles } from '../../rendering/index.ts'
import type { ControlPlaneInput } from './input.ts'
import { instanceName } from './members.ts'

/**
 * Adds a certificate with its key as ONE file, which upstream's programs and HAProxy all take for both: it is replaced
 * as a whole, so nobody ever reads a certificate beside another one's key.
 */
export function addLeaf(
  files: RenderedFiles,
  input: ControlPlaneInput,
  leaf: { readonly name: string; readonly path: string; readonly onChange: InstanceFile['onChange'] },
): string {
  const { certificate, key } = leafOf(input.leaves, leaf.name)
  return files.add(leaf.path, `${certificate}${key}`, leaf.onChange)
}

/** Where an instance's files will be. */
export function filesOf(input: ControlPlaneInput, component: Parameters<typeof instanceName>[0], zone: string) {
  const name = instanceName(component, zone)
  return { name, files: new RenderedFiles(input.layout(name).filesRoot) }
}
