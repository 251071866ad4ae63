import { randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode, namesIn, syncFolder } from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'

/** Folders below one `root`, a cluster's each, that are removed as a whole. */

/** Clusters with a folder below `root`, or with what a removal that was cut short has left of it. */
export async function listClusterFolders(root: string): Promise<ClusterId[]> {
  const clusters = (await namesIn(root)).map((name) => REMOVED.exec(name)?.groups?.['cluster'] ?? name)
  // Others are not ours: `lost+found` of a disk that is mounted here.
  return [...new Set(clusters.filter((name) => /^[a-z0-9][a-z0-9-]*$/.test(name)))].sort()
}

/**
 * Removes the folder of a cluster: out of sight at once and as a whole, since half of a cluster's keys or of a volume
 * would be worse than none. Finishes removals that were cut short.
 */
export async function removeClusterFolder(root: string, cluster: ClusterId): Promise<void> {
  const doomed = join(root, `.removed-${cluster}-${randomBytes(6).toString('hex')}`)
  await rename(join(root, cluster), doomed).catch((error: unknown) => {
    if (!hasErrorCode(error, 'ENOENT')) throw error
  })
  const names = await namesIn(root)
  for (const name of names.filter((name) => REMOVED.exec(name)?.groups?.['cluster'] === cluster)) {
    await rm(join(root, name), { recursive: true, force: true })
  }
  if (names.length > 0) await syncFolder(root)
}

const REMOVED = /^\.removed-(?<cluster>.+)-[0-9a-f]{4,}$/
