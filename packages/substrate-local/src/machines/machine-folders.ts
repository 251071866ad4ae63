import { namesIn, statIfThere } from '@evenkeel/kernel'
import type { ClusterId, MachineId } from '@evenkeel/substrate'
import type { LocalPaths } from '../installation/index.ts'
import { type MachinePaths, machinePaths } from './machine-paths.ts'

/** All machines of an installation that have a folder, whatever is left in it. */
export async function listMachines(paths: LocalPaths): Promise<readonly MachineId[]> {
  const clusters = await namesIn(paths.machines)
  const machines = await Promise.all(
    clusters.map(async (cluster) => (await machinesOf(paths, cluster)).map((name) => ({ cluster, name }))),
  )
  return machines.flat()
}

/** Names of the machines of a cluster. */
export async function machinesOf(paths: LocalPaths, cluster: ClusterId): Promise<readonly string[]> {
  return await namesIn(machinePaths(paths, { cluster, name: '.' }).folder)
}

/** Of a machine's disk, what the host's disk does not hold yet. */
export async function unwrittenDiskBytes({ disk }: MachinePaths, diskGib: number): Promise<number> {
  const blocks = (await statIfThere(disk))?.blocks ?? 0
  return Math.max(0, diskGib * 2 ** 30 - blocks * BLOCK_BYTES)
}

/** Of `st_blocks`, whatever the file system's own blocks are. */
const BLOCK_BYTES = 512
