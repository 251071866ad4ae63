import { randomBytes } from 'node:crypto'
import { link, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ensureFolder, hasErrorCode, readFileIfThere, syncFolder, writeFileAtomic } from '@evenkeel/kernel'
import { type ClusterRecords, requireRecordName } from '@evenkeel/substrate'
import { listClusterFolders, removeClusterFolder } from './cluster-folders.ts'
import { withDiskFaults } from './disk-faults.ts'
import type { LocalPaths } from './installation/index.ts'
import { FolderReader } from './read-folder.ts'

/** Records as files of mode 0600 in folders of mode 0700, on disk when a call returns. */
export function createClusterRecords(paths: LocalPaths): ClusterRecords {
  const root = paths.records
  const reader = new FolderReader()
  const fileOf = (cluster: string, name: string) => {
    requireClusterName(cluster)
    requireRecordName(name)
    return join(root, cluster, name)
  }

  return {
    async clusters() {
      return await listClusterFolders(root)
    },
    async readAll(cluster) {
      return await reader.read(dirname(fileOf(cluster, 'any')))
    },
    async read(cluster, name) {
      return await readFileIfThere(fileOf(cluster, name))
    },
    async write(cluster, name, content) {
      const file = fileOf(cluster, name)
      await withDiskFaults(file, async () => {
        await ensureDurableFolder(root, dirname(file))
        await writeFileAtomic(file, content, { durable: true })
      })
    },
    async writeOnce(cluster, name, content) {
      const file = fileOf(cluster, name)
      return await withDiskFaults(file, async () => {
        await ensureDurableFolder(root, dirname(file))
        const draft = join(dirname(file), `.once-${randomBytes(6).toString('hex')}`)
        try {
          await writeFileAtomic(draft, content, { durable: true })
          // A link, unlike a rename, leaves what is there; and what it shows is whole.
          await link(draft, file)
        } catch (error) {
          if (!hasErrorCode(error, 'EEXIST')) throw error
        } finally {
          await rm(draft, { force: true })
        }
        // Also when another came first: its own call may not be that far yet.
        await syncFolder(dirname(file))
        return await readFile(file, 'utf8')
      })
    },
    async erase(cluster, name) {
      const file = fileOf(cluster, name)
      await rm(file, { force: true })
      await syncFolder(dirname(file)).catch((error: unknown) => {
        // Its folder never was, so neither was the record.
        if (!hasErrorCode(error, 'ENOENT')) throw error
      })
    },
    async remove(cluster) {
      requireClusterName(cluster)
      await removeClusterFolder(root, cluster)
      reader.forget(join(root, cluster))
    },
  }
}

/** A new folder is on disk only when the one above it is. */
async function ensureDurableFolder(root: string, folder: string): Promise<void> {
  await ensureFolder(folder)
  for (let above = dirname(folder); above.length >= root.length; above = dirname(above)) await syncFolder(above)
}

function requireClusterName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a cluster`)
}
