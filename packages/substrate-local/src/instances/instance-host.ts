import { rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ensureFolder, hasErrorCode } from '@evenkeel/kernel'
import {
  filesDigest,
  type InstanceHost,
  type InstanceId,
  type InstanceSpec,
  instanceDigest,
  SubstrateFault,
} from '@evenkeel/substrate'
import { withDiskFaults } from '../disk-faults.ts'
import type { LocalPaths } from '../installation/index.ts'
import type { CarrierOf } from '../private-network/index.ts'
import { hasReader, isLockFree, writeToFifo } from '../processes/index.ts'
import type { ProgramResolver } from '../program-resolver.ts'
import { ensureLink } from '../supervision/index.ts'
import { trackEndings } from './endings.ts'
import { writeIfDifferent, writeInstanceFiles } from './instance-files.ts'
import {
  controlOf,
  INSTANCE_NAMES,
  instanceLockOf,
  loggerLockOf,
  type NameForm,
  requireIdentifier,
  requireIdentifiers,
  requirePlace,
  scanLinkOf,
  serviceFolderOf,
} from './instance-paths.ts'
import { type FoundInstance, findClusters, findInstances, toObserved } from './observation.ts'
import { createScans } from './scans.ts'
import { renderServiceFolder } from './service-folder.ts'

/** Of programs whose spec is not known any more. */
const DEFAULT_GRACE_SECONDS = 10

/** How a host of programs is not like the usual one. */
export interface InstanceHostVariation {
  /** Names of its programs are of this form, and others are not its. */
  readonly form?: NameForm
  /** What the networks of its programs take. */
  readonly carrierOf?: CarrierOf
}

/** Programs as processes under s6, on this machine. */
export function createInstanceHost(
  paths: LocalPaths,
  resolver: ProgramResolver,
  { form = INSTANCE_NAMES, carrierOf = async () => undefined }: InstanceHostVariation = {},
): InstanceHost {
  const endings = trackEndings()
  const scan = createScans(paths)

  async function find(id: InstanceId): Promise<FoundInstance | undefined> {
    requireIdentifiers(id, form)
    return (await findInstances(paths, form, ({ cluster, name }) => cluster === id.cluster && name === id.name))[0]
  }

  async function ensure(spec: InstanceSpec): Promise<void> {
    requireIdentifiers(spec, form)
    requirePlace(spec.place)
    const command = await resolver(spec.program)
    await requireVolumes(paths, spec)
    const carrier = await carrierOf(spec.cluster, spec.place)
    const found = await find(spec)
    if (found?.place !== undefined && found.place !== spec.place) {
      throw new SubstrateFault(
        'Conflict',
        `${spec.cluster}/${spec.name} is in place ${found.place}: remove it there first`,
      )
    }
    const written = {
      cluster: spec.cluster,
      name: spec.name,
      component: spec.component,
      place: spec.place,
      program: spec.program,
      digest: instanceDigest(spec),
      stopGraceSeconds: spec.stopGraceSeconds,
    }
    const folder = serviceFolderOf(paths, spec)
    const isNew = await withDiskFaults(paths.run, async () => {
      await ensureFolder(paths.locks)
      // First what `observe` knows it by, so that no file is left that nobody removes; last what s6 finds it by.
      await ensureServiceFolder(folder, scanLinkOf(paths, spec))
      await writeInstanceFiles(paths.filesOf(spec), spec.files, filesDigest(spec))
      for (const file of renderServiceFolder(paths, spec, { command, written, carrier })) {
        await writeIfDifferent(join(folder, file.path), file.content, file.mode)
      }
      await rm(join(folder, 'down'), { force: true })
      return await ensureLink(scanLinkOf(paths, spec), folder)
    })
    if (!isNew && (await writeToFifo(controlOf(folder), 'u'))) return
    if (await scan(spec.place)) return
    throw new SubstrateFault(
      'NotReady',
      `the supervision of place ${spec.place} is not there to start ${spec.cluster}/${spec.name}: keepers and ./evenkeel up start it`,
    )
  }

  async function stop(id: InstanceId, options: { graceSeconds?: number } = {}): Promise<'stopping' | 'gone'> {
    const found = await find(id)
    if (found?.place !== undefined) {
      const folder = serviceFolderOf(paths, { ...id, place: found.place })
      // On disk before anything else: whatever starts it from now on finds that it is to be down. A full disk does not
      // hold up an end, which is what makes room; then the supervisor alone knows.
      await writeFile(join(folder, 'down'), '').catch((error: unknown) => {
        if (!hasErrorCode(error, 'ENOSPC', 'EDQUOT')) throw error
      })
      await writeToFifo(controlOf(folder), 'd')
    }
    if (found?.holder === undefined) return (await isLockFree(instanceLockOf(paths, id))) ? 'gone' : 'stopping'
    endings.begin(found.holder, {
      graceMs: 1000 * (options.graceSeconds ?? graceSecondsOf(found)),
      isTold: found.isSupervised,
    })
    return 'stopping'
  }

  async function remove(id: InstanceId, options: { graceSeconds?: number } = {}): Promise<'stopping' | 'gone'> {
    if ((await stop(id, options)) === 'stopping') return 'stopping'
    const place = (await find(id))?.place
    const folder = place === undefined ? undefined : serviceFolderOf(paths, { ...id, place })
    if (place !== undefined && folder !== undefined) {
      await rm(scanLinkOf(paths, { ...id, place }), { force: true })
      await scan(place)
      if (!(await hasLetGo(folder))) return 'stopping'
    }
    await rm(paths.filesOf(id), { recursive: true, force: true })
    const loggerLock = loggerLockOf(paths, id)
    if (!(await isLockFree(loggerLock, ['rm', '-f', loggerLock]))) return 'stopping'
    await rm(paths.logOf(id), { recursive: true, force: true })
    // With the last instance of a cluster goes the cluster's folder.
    for (const parent of [dirname(paths.filesOf(id)), dirname(paths.logOf(id))]) await removeIfEmpty(parent)
    // Last what `observe` knows it by: a removal that is cut short anywhere is taken up again.
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    const lock = instanceLockOf(paths, id)
    return (await isLockFree(lock, ['rm', '-f', lock])) ? 'gone' : 'stopping'
  }

  return {
    layout(id) {
      return { filesRoot: paths.filesOf(id), volumePath: (volume) => paths.volumeOf(id.cluster, volume) }
    },
    ensure,
    async restart(id, pid) {
      const found = await find(id)
      if (found?.holder?.pid !== pid) return
      endings.begin(found.holder, { graceMs: 1000 * graceSecondsOf(found), isTold: false })
    },
    stop,
    remove,
    async observe(cluster) {
      requireIdentifier(cluster)
      const found = await findInstances(paths, form, (id) => id.cluster === cluster)
      const observed = await Promise.all(found.map((instance) => toObserved(paths, instance)))
      return observed.sort((one, other) => (one.name < other.name ? -1 : 1))
    },
    clusters: () => findClusters(paths, form),
  }
}

function graceSecondsOf(found: FoundInstance): number {
  return (found.running ?? found.written)?.stopGraceSeconds ?? DEFAULT_GRACE_SECONDS
}

/** Whether both supervisors have ended; tells them to. */
async function hasLetGo(folder: string): Promise<boolean> {
  if (await writeToFifo(controlOf(folder), 'dx')) return false
  // Only now: while the program's supervisor lived, its end of the pipe was open.
  const logger = join(folder, 'log')
  return !(await hasReader(controlOf(logger))) || !(await writeToFifo(controlOf(logger), 'dx'))
}

async function requireVolumes(paths: LocalPaths, spec: InstanceSpec): Promise<void> {
  for (const volume of spec.volumes) {
    try {
      await stat(paths.volumeOf(spec.cluster, volume))
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT')) throw error
      const what = `volume ${volume} of ${spec.cluster}, which ${spec.name} writes to, does not exist`
      throw new SubstrateFault('NotFound', `${what}: ensure the volume first`, { cause: error })
    }
  }
}

async function ensureServiceFolder(folder: string, scanLink: string): Promise<void> {
  // s6 may look at any moment, and is not to find half a service behind the link of one that was lost.
  if (!(await isFolder(folder))) await rm(scanLink, { force: true })
  await ensureFolder(join(folder, 'log'))
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  }
}
