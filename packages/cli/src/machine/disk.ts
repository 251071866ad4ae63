import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasErrorCode, readFileIfThere } from '@evenkeel/kernel'
import { floorBytesOf, localPaths } from '@evenkeel/substrate-local'
import { CommandError, formatBytes } from '../terminal/index.ts'

export interface Disk {
  readonly folder: string
  readonly freeBytes: number
  /** Files that can still be made; undefined where the file system does not count them. */
  readonly freeFiles: number | undefined
  /** `f_type` of statfs(2). */
  readonly type: number
  /** `st_dev` of stat(2): tells disks apart. */
  readonly device: number
}

/** The disk where a folder is, or will be. */
export async function readDisk(folder: string): Promise<Disk> {
  for (let there = folder; ; there = dirname(there)) {
    try {
      const [{ bavail, bsize, files, ffree, type }, { dev }] = await Promise.all([statfs(there), stat(there)])
      // Some file systems (btrfs) make inodes as they need them, and count none.
      const freeFiles = files === 0 ? undefined : ffree
      return { folder, freeBytes: bavail * bsize, freeFiles, type, device: dev }
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT', 'ENOTDIR') || dirname(there) === there) throw error
    }
  }
}

/**
 * etcd claims its files ahead in pieces of 64 MiB: with less than two of them, neither the home nor clusters can be
 * relied on to write.
 */
const SCARCE_BYTES = 128 * 2 ** 20

/** Disks of an installation that are all but full. */
export async function scarceDisks(paths: {
  readonly home: string
  readonly volumes: string
}): Promise<readonly Disk[]> {
  const [home, volumes] = await Promise.all([readDisk(paths.home), readDisk(paths.volumes)])
  const disks = volumes.device === home.device ? [home] : [home, volumes]
  return disks.filter((disk) => disk.freeBytes < SCARCE_BYTES)
}

/**
 * Throws where a new installation would wait for ever: below the floor of free space, keepers make no volume for the home
 * either. One that is there goes on. Said before any work starts.
 */
export async function requireRoom(home: string, environment = process.env): Promise<void> {
  const floorBytes = floorBytesOf(environment)
  const { volumes, installationFile } = localPaths(home)
  if ((await readFileIfThere(installationFile)) !== undefined) return
  const { freeBytes } = await readDisk(volumes)
  if (freeBytes >= floorBytes) return
  throw new CommandError(
    `the disk of ${home} has ${formatBytes(freeBytes)} free, and ${formatBytes(floorBytes)} are kept free: free some, use another EVENKEEL_HOME, or set EVENKEEL_FLOOR_BYTES`,
  )
}
