import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode, readFileIfThere } from '@evenkeel/kernel'
import type { InstanceId, ObservedInstance, Place } from '@evenkeel/substrate'
import { type LocalPaths, PLACES } from '../installation/index.ts'
import {
  findLockHolder,
  type LockHolder,
  type LockTable,
  readLockTable,
  readProcess,
  startTimeOf,
} from '../processes/index.ts'
import { hasWorkingFolder } from '../supervision/index.ts'
import { readFilesDigest } from './instance-files.ts'
import { instanceLockOf, parseServiceName, serviceFolderOf } from './instance-paths.ts'
import { INSTANCE_VARIABLE, parseWrittenInstance, type WrittenInstance } from './written-instance.ts'

/** What is known of one instance: a service folder, a process that holds its lock, or both. */
export interface FoundInstance {
  readonly id: InstanceId
  /** Place of its service folder, undefined where that is gone. */
  readonly place: Place | undefined
  readonly written: WrittenInstance | undefined
  readonly isWantedDown: boolean
  readonly holder: LockHolder | undefined
  /** What the process was started with; undefined for one that is not the program yet. */
  readonly running: WrittenInstance | undefined
  /** The process is a child of the supervisor of the service folder. */
  readonly isSupervised: boolean
}

/** All instances whose lock or service folder `isWanted`. */
export async function findInstances(
  paths: LocalPaths,
  isWanted: (id: InstanceId) => boolean,
): Promise<readonly FoundInstance[]> {
  const places = await servicePlaces(paths)
  const names = new Set([...places.keys(), ...(await namesIn(paths.locks))])
  const ids = [...names].map(parseServiceName).filter((id): id is InstanceId => id !== undefined && isWanted(id))
  const table = readLockTable()
  const found = await Promise.all(
    ids.map(async (id) => await findInstance(paths, id, places.get(`${id.cluster}.${id.name}`), table)),
  )
  return found.filter(({ place, holder }) => place !== undefined || holder !== undefined)
}

/** Clusters with a service folder, or with a process that holds a lock. */
export async function findClusters(paths: LocalPaths): Promise<readonly string[]> {
  const places = await servicePlaces(paths)
  const clusters = new Set([...places.keys()].map((name) => parseServiceName(name)?.cluster))
  const others = (await namesIn(paths.locks)).map(parseServiceName).filter((id) => id !== undefined)
  const table = readLockTable()
  for (const id of others) {
    if (clusters.has(id.cluster)) continue
    if ((await findLockHolder(instanceLockOf(paths, id), table)) !== undefined) clusters.add(id.cluster)
  }
  return [...clusters].filter((cluster) => cluster !== undefined).sort()
}

/** Names of all service folders, and the place of each. */
async function servicePlaces(paths: LocalPaths): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>()
  for (const place of PLACES) {
    for (const name of await namesIn(join(paths.services, place))) places.set(name, place)
  }
  return places
}

async function findInstance(
  paths: LocalPaths,
  id: InstanceId,
  place: Place | undefined,
  table: LockTable,
): Promise<FoundInstance> {
  const folder = place === undefined ? undefined : serviceFolderOf(paths, { ...id, place })
  const [text, isWantedDown] = await Promise.all([
    folder === undefined ? undefined : readFileIfThere(join(folder, 'instance.json')),
    folder !== undefined && isThere(join(folder, 'down')),
  ])
  const lock = instanceLockOf(paths, id)
  // A second look where one is expected: the kernel's list may miss a lock while others come and go.
  const holder =
    (await findLockHolder(lock, table)) ??
    (folder === undefined || isWantedDown ? undefined : await findLockHolder(lock, readLockTable()))
  const running = parseWrittenInstance(holder?.environment.get(INSTANCE_VARIABLE))
  return {
    id,
    place,
    written: parseWrittenInstance(text),
    isWantedDown,
    holder,
    running,
    isSupervised: holder !== undefined && folder !== undefined && (await isChildOfSupervisor(holder, folder)),
  }
}

async function isChildOfSupervisor(holder: LockHolder, serviceFolder: string): Promise<boolean> {
  const parent = readProcess(holder.parentPid)
  return parent?.command === 's6-supervise' && (await hasWorkingFolder(parent.pid, serviceFolder))
}

/** The port's view of one instance; undefined for what is not known to be an instance. */
export async function toObserved(paths: LocalPaths, found: FoundInstance): Promise<ObservedInstance | undefined> {
  const known = found.written ?? found.running
  if (known === undefined) return undefined
  const filesDigest = found.written === undefined ? undefined : await readFilesDigest(paths.filesOf(found.id))
  const { holder, running } = found
  return {
    ...found.id,
    component: known.component,
    place: known.place,
    program: known.program,
    ...(running === undefined ? {} : { runningDigest: running.digest }),
    // Without its files a spec is not written down.
    ...(found.written === undefined || filesDigest === undefined
      ? {}
      : { writtenDigest: found.written.digest, filesDigest }),
    state: stateOf(found),
    ...(running === undefined || holder === undefined ? {} : { pid: holder.pid, startedAt: startTimeOf(holder) }),
  }
}

function stateOf(found: FoundInstance): ObservedInstance['state'] {
  if (found.holder === undefined) return found.isWantedDown ? 'stopped' : 'starting'
  if (found.running === undefined) return 'starting'
  return found.isSupervised ? 'running' : 'unsupervised'
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  })
}

async function isThere(path: string): Promise<boolean> {
  return (await readFileIfThere(path)) !== undefined
}
