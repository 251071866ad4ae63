import { readdir, readlink, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'
import type { Place } from '@evenkeel/substrate'
import { type LocalPaths, PLACES } from '../installation/index.ts'
import {
  findLockHolder,
  findLockWaiters,
  findProcesses,
  hasReader,
  type LockTable,
  type Process,
  readEnvironment,
  readLockTable,
  readProcess,
  seemsHeld,
} from '../processes/index.ts'
import { scanControlOf, scanFolderOf, treeLockOf } from './tree-scripts.ts'

/** `starting`: not an s6-svscan that listens yet. `stale`: its folder was wiped or moved. */
export type TreeState = 'working' | 'starting' | 'stale'

/** The processes of s6 that belong to one installation, and what each is good for. */
export interface TreeProcesses {
  /** By place: who holds the lock of its tree. */
  readonly trees: ReadonlyMap<Place, Process & { readonly state: TreeState }>
  /** Places whose sister waits for the lock of their tree, or has taken it over and supervises it. */
  readonly watchedPlaces: ReadonlySet<Place>
  /** Supervisors whose folder or s6-svscan is gone, and waiting copies without a supervisor. */
  readonly strays: readonly Process[]
  /** All of them, strays too. */
  readonly all: readonly Process[]
}

const S6_COMMANDS = new Set(['s6-svscan', 's6-supervise', 's6-setlock'])

/**
 * Whether all trees work, are watched, and have a supervisor for each of their services: a cheap look, for when all is
 * well. It does not find strays that stand in nobody's way.
 */
export async function seemWhole(paths: LocalPaths): Promise<boolean> {
  const table = readLockTable()
  for (const place of PLACES) {
    const holder = await findLockHolder(treeLockOf(paths, place), table)
    if (holder === undefined || (await stateOfTree(paths, place, holder)) !== 'working') return false
    if (!(await isWatched(paths, place, { holder, table }))) return false
    const scanFolder = scanFolderOf(paths, place)
    const services = (await readdir(scanFolder)).filter((name) => !name.startsWith('.'))
    const held = await Promise.all(
      services.map((name) => seemsHeld(join(scanFolder, name, 'supervise', 'lock'), table)),
    )
    if (held.includes(false)) return false
  }
  return true
}

async function isWatched(
  paths: LocalPaths,
  place: Place,
  { holder, table }: { holder: Process | undefined; table: LockTable },
): Promise<boolean> {
  if (holder !== undefined && readProcess(holder.parentPid)?.command === 's6-supervise') return true
  return (await findLockWaiters(treeLockOf(paths, place), table)).length > 0
}

/** Looks at every s6 process of the machine that names our state folder in its environment. */
export async function observeTreeProcesses(paths: LocalPaths): Promise<TreeProcesses> {
  const table = readLockTable()
  const trees: [Place, Process & { state: TreeState }][] = []
  const watchedPlaces = new Set<Place>()
  for (const place of PLACES) {
    const holder = await findLockHolder(treeLockOf(paths, place), table)
    if (holder !== undefined) trees.push([place, { ...holder, state: await stateOfTree(paths, place, holder) }])
    if (await isWatched(paths, place, { holder, table })) watchedPlaces.add(place)
  }
  const all = findOurs(paths)
  const stale = new Set(trees.filter(([, tree]) => tree.state === 'stale').map(([, tree]) => tree.pid))
  const supervisors = new Set<number>()
  const strays: Process[] = []
  for (const process of all.filter(({ command }) => command === 's6-supervise')) {
    // Asked now, not taken from above: a tree may have come to life since.
    const parent = readProcess(process.parentPid)
    // Forked by a supervisor and not yet the program that it starts: killed now, that program would be lost.
    if (parent?.command === 's6-supervise') continue
    const isScanned = parent?.command === 's6-svscan' && !stale.has(parent.pid)
    if (isScanned && (await isInPlace(paths, process.pid))) supervisors.add(process.pid)
    else strays.push(process)
  }
  // Only those that wait: one that is about to become a tree or a program is not there yet, but no stray.
  const waiting = new Set([...table.waiters.values()].flat())
  strays.push(...all.filter(({ pid, parentPid }) => waiting.has(pid) && !supervisors.has(parentPid)))
  return { trees: new Map(trees), watchedPlaces, strays, all }
}

async function stateOfTree(paths: LocalPaths, place: Place, holder: Process): Promise<TreeState> {
  if (holder.command !== 's6-svscan') return 'starting'
  if (!(await hasWorkingFolder(holder.pid, scanFolderOf(paths, place)))) return 'stale'
  // It listens only some time after it has entered its folder.
  return (await hasReader(scanControlOf(paths, place))) ? 'working' : 'starting'
}

function findOurs(paths: LocalPaths): Process[] {
  return findProcesses(S6_COMMANDS).filter(({ pid }) => readEnvironment(pid).get('EVENKEEL_HOME') === paths.home)
}

/**
 * Whether a supervisor stands in a folder below `run` that is still there by that name: its service folder or, in its
 * first moment, the scan folder.
 */
async function isInPlace(paths: LocalPaths, pid: number): Promise<boolean> {
  const folder = await workingFolderOf(pid)
  return folder !== undefined && folder.startsWith(paths.run + sep) && (await hasWorkingFolder(pid, folder))
}

async function workingFolderOf(pid: number): Promise<string | undefined> {
  return await orUndefined(readlink(`/proc/${pid}/cwd`))
}

/** By inode: a wiped folder that was made again has the same name, but is another. */
export async function hasWorkingFolder(pid: number, folder: string): Promise<boolean> {
  const [actual, expected] = await Promise.all([orUndefined(stat(`/proc/${pid}/cwd`)), orUndefined(stat(folder))])
  return actual !== undefined && actual.ino === expected?.ino && actual.dev === expected.dev
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'ENOTDIR')) return undefined
    throw error
  }
}
