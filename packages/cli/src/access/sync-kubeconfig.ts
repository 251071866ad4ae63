import { type ClusterAddress, renderKubeconfig, type TokenCommand } from './kubeconfig.ts'
import { rewriteFile } from './rewrite-file.ts'

/** Brings the contexts of our clusters in a kubeconfig up to date; what others wrote stays. */
export async function syncKubeconfig(
  path: string,
  addresses: readonly ClusterAddress[],
  options: { readonly command: TokenCommand; readonly preferred?: string },
): Promise<void> {
  await rewriteFile(path, (content) => renderKubeconfig(content, addresses, options))
}
