import type { Installation, LocalPaths } from '../installation/index.ts'
import { listMachines } from './machine-folders.ts'
import { machineGroup, machinePaths } from './machine-paths.ts'
import { downScript } from './machine-scripts.ts'
import { runUnderLock } from './run-under-lock.ts'

/**
 * Ends whatever runs on the machines of an installation, and their namespaces, when their programs are not supervised any
 * more. Disks stay, and so does what carries their addresses. Idempotent; works whatever was killed before.
 */
export async function stopMachines(paths: LocalPaths, installation: Installation): Promise<void> {
  await Promise.all(
    (await listMachines(paths)).map(async (id) => {
      const own = machinePaths(paths, id)
      const script = downScript({ paths: own, group: machineGroup(installation.id, id), network: undefined })
      await runUnderLock(own.lock, ['sh', '-c', script], `machine ${id.cluster}/${id.name} cannot be stopped`)
    }),
  )
}
