import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureFolder, namesIn, readFileIfThere, syncFolder, writeFileAtomic } from '@evenkeel/kernel'
import { type ObservedVolume, SubstrateFault, type VolumeSpec, type VolumeStore } from '@evenkeel/substrate'
import { listClusterFolders, removeClusterFolder } from './cluster-folders.ts'
import { withDiskFaults } from './disk-faults.ts'
import { freeBytesOf } from './free-bytes.ts'
import type { LocalPaths } from './installation/index.ts'

export interface VolumeStoreOptions {
  /** Bytes that are kept free for the home and the records. */
  readonly floorBytes: number
  /** Bytes that the disk of the volumes has free; asks the file system unless given. */
  readonly freeBytes?: () => Promise<number>
}

/** Says that a volume was made: if the folder is missing then, the volume is lost. */
const RECORD_SUFFIX = '.volume.json'

/** Volumes as folders of mode 0700. */
export function createVolumeStore(paths: LocalPaths, options: VolumeStoreOptions): VolumeStore {
  const freeBytes = options.freeBytes ?? (() => freeBytesOf(paths.volumes))

  async function observe(cluster: string): Promise<ObservedVolume[]> {
    const folder = join(paths.volumes, cluster)
    const names = await namesIn(folder)
    const records = names.filter((name) => name.endsWith(RECORD_SUFFIX))
    const volumes = await Promise.all(
      records.map(async (record): Promise<ObservedVolume | undefined> => {
        const text = await readFileIfThere(join(folder, record))
        if (text === undefined) return undefined
        const name = record.slice(0, -RECORD_SUFFIX.length)
        const { zone } = JSON.parse(text) as { zone: string }
        return { cluster, name, zone, state: names.includes(name) ? 'present' : 'lost' }
      }),
    )
    return volumes.filter((volume) => volume !== undefined).sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  return {
    observe,
    async headroomBytes() {
      return (await freeBytes()) - options.floorBytes
    },
    async ensure(spec: VolumeSpec) {
      const { cluster, name, zone } = spec
      requireName(cluster)
      requireName(name)
      const there = (await observe(cluster)).find((volume) => volume.name === name)
      const path = paths.volumeOf(cluster, name)
      if (there?.state === 'lost') {
        throw new SubstrateFault(
          'Lost',
          `volume ${name} of ${cluster} is gone: ${path} was removed; replace its member`,
        )
      }
      if (there !== undefined && there.zone !== zone) {
        throw new SubstrateFault('Conflict', `volume ${name} of ${cluster} is in zone ${there.zone}, not ${zone}`)
      }
      if (there !== undefined) return
      await withDiskFaults(paths.volumes, () => ensureFolder(paths.volumes))
      const free = await freeBytes()
      if (free < options.floorBytes) {
        throw new SubstrateFault(
          'NoSpace',
          `no volume is made in ${paths.volumes}: the disk has ${mebibytes(free)} free, and ${mebibytes(options.floorBytes)} are kept; free some`,
        )
      }
      await withDiskFaults(path, async () => {
        await ensureFolder(join(paths.volumes, cluster))
        // Made before it is recorded: what stands recorded without a folder has been lost.
        await mkdir(path, { mode: 0o700, recursive: true })
        const record = join(paths.volumes, cluster, `${name}${RECORD_SUFFIX}`)
        await writeFileAtomic(record, JSON.stringify({ zone }), { durable: true })
        await syncFolder(paths.volumes)
      })
    },
    async remove(cluster) {
      requireName(cluster)
      await removeClusterFolder(paths.volumes, cluster)
    },
    async clusters() {
      return await listClusterFolders(paths.volumes)
    },
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`
}

function requireName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw new Error(`${JSON.stringify(name)} is no name of a volume or cluster`)
}
