import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode, namesIn, readFileIfThere } from '@evenkeel/kernel'
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
import {
  instanceLockOf,
  type NameForm,
  parseServiceName,
  scanLinkOf,
  serviceFolderOf,
  serviceNameOf,
} from './instance-paths.ts'
import { INSTANCE_VARIABLE, parseWrittenInstance, type WrittenInstance } from './written-instance.ts'

/** What is known of one instance: a service folder, the file of its lock, or both. Either is a trace to be removed. */
export interface FoundInstance {
  readonly id: InstanceId
  /** Place of its service folder, undefined where that is gone. */
  readonly place: Place | undefined
  readonly written: WrittenInstance | undefined
  /** Its service folder is linked where the s6-svscan of its place looks. */
  readonly isLinked: boolean
  readonly isWantedDown: boolean
  readonly holder: LockHolder | undefined
  /** What the process was started with; undefined for one that is not the program yet. */
  readonly running: WrittenInstance | undefined
  /** The process is a child of the supervisor of the service folder. */
  readonly isSupervised: boolean
}

/** All instances with a service folder or the file of a lock that `isWanted`. */
export async function findInstances(
  paths: LocalPaths,
  form: NameForm,
  isWanted: (id: InstanceId) => boolean,
): Promise<readonly FoundInstance[]> {
  const places = await servicePlaces(paths)
  const names = new Set([...places.keys(), ...(await namesIn(paths.locks))])
  const ids = [...names].flatMap((name) => parseServiceName(name, form) ?? []).filter(isWanted)
  const table = readLockTable()
  let second: LockTable | undefined
  // The kernel takes milliseconds to list the locks of a busy machine: one list for all that look again.
  const lookAgain = (): LockTable => {
    second ??= readLockTable()
    return second
  }
  return await Promise.all(
    ids.map((id) => findInstance(paths, id, places.get(serviceNameOf(id)), { table, lookAgain })),
  )
}

/** Clusters with a service folder or the file of a program's lock. */
export async function findClusters(paths: LocalPaths, form: NameForm): Promise<readonly string[]> {
  const names = [...(await servicePlaces(paths)).keys(), ...(await namesIn(paths.locks))]
  const ids = names.flatMap((name) => parseServiceName(name, form) ?? [])
  return [...new Set(ids.map(({ cluster }) => cluster))].sort()
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
  { table, lookAgain }: { readonly table: LockTable; readonly lookAgain: () => LockTable },
): Promise<FoundInstance> {
  const folder = place === undefined ? undefined : serviceFolderOf(paths, { ...id, place })
  const [text, isLinked, isWantedDown] = await Promise.all([
    folder === undefined ? undefined : readFileIfThere(join(folder, 'instance.json')),
    place !== undefined && leadsTo(scanLinkOf(paths, { ...id, place }), serviceFolderOf(paths, { ...id, place })),
    folder !== undefined && isThere(join(folder, 'down')),
  ])
  const lock = instanceLockOf(paths, id)
  // A second look where one is expected: the kernel's list may miss a lock while others come and go.
  const holder =
    (await findLockHolder(lock, table)) ??
    (folder === undefined || isWantedDown ? undefined : await findLockHolder(lock, lookAgain()))
  const running = parseWrittenInstance(holder?.environment.get(INSTANCE_VARIABLE))
  return {
    id,
    place,
    written: parseWrittenInstance(text),
    isLinked,
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

/**
 * The port's view of one instance. Of one that was cut short while it was written down or removed, no more may be left
 * than its name, which then stands for its component.
 */
export async function toObserved(paths: LocalPaths, found: FoundInstance): Promise<ObservedInstance> {
  const { id, written, holder, running, isLinked } = found
  const known = written ?? running
  // What is not linked, or without its files, is not written down.
  const filesDigest = written === undefined || !isLinked ? undefined : await readFilesDigest(paths.filesOf(id))
  return {
    ...id,
    component: known?.component ?? id.name,
    place: known?.place ?? found.place ?? UNKNOWN_PLACE,
    program: known?.program ?? UNKNOWN_PROGRAM,
    ...(running === undefined ? {} : { runningDigest: running.digest }),
    ...(written === undefined || filesDigest === undefined ? {} : { writtenDigest: written.digest, filesDigest }),
    state: stateOf(found),
    ...(running === undefined || holder === undefined ? {} : { pid: holder.pid, startedAt: startTimeOf(holder) }),
  }
}

const UNKNOWN_PLACE: Place = 'region'
const UNKNOWN_PROGRAM = { name: 'unknown', version: 'unknown' }

function stateOf(found: FoundInstance): ObservedInstance['state'] {
  // Nobody starts what has no service folder.
  if (found.holder === undefined) return found.isWantedDown || found.place === undefined ? 'stopped' : 'starting'
  if (found.running === undefined) return 'starting'
  return found.isSupervised ? 'running' : 'unsupervised'
}

async function leadsTo(link: string, folder: string): Promise<boolean> {
  try {
    return (await readlink(link)) === folder
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'EINVAL')) return false
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await readFileIfThere(path)) !== undefined
}
