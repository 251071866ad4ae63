import { requireLocalInstallation } from '../installation/index.ts'
import { listMachines } from './machine-folders.ts'
import { machineGroup, machinePaths } from './machine-paths.ts'
import { downScript } from './machine-scripts.ts'
import { runUnderLock } from './run-under-lock.ts'

/**
 * Ends whatever runs on the machines of an installation, and their namespaces, for `down`, when their programs are not
 * supervised any more. Disks stay, and so does what carries their addresses. Answers how many there are. Idempotent; works
 * whatever was killed before.
 */
export async function stopMachines(options: { readonly home: string }): Promise<number> {
  const { installation, paths } = await requireLocalInstallation(options.home)
  const machines = await listMachines(paths)
  await Promise.all(
    machines.map(async (id) => {
      const own = machinePaths(paths, id)
      const script = downScript({ paths: own, group: machineGroup(installation.id, id), network: undefined })
      await runUnderLock(own.lock, ['sh', '-c', script], `machine ${id.cluster}/${id.name} cannot be stopped`)
    }),
  )
  return machines.length
}
