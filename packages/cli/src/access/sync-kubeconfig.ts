import { dirname } from 'node:path'
import { ensureFolder, readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'
import { type ClusterAddress, renderKubeconfig, type TokenCommand } from './kubeconfig.ts'

/** Brings the contexts of our clusters in a kubeconfig up to date; what others wrote stays. */
export async function syncKubeconfig(
  path: string,
  addresses: readonly ClusterAddress[],
  options: { readonly command: TokenCommand; readonly preferred?: string },
): Promise<void> {
  const before = await readFileIfThere(path)
  const after = renderKubeconfig(before ?? '', addresses, options)
  if (after === before) return
  await ensureFolder(dirname(path))
  await writeFileAtomic(path, after)
}
