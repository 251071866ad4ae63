import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasErrorCode } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'
import { type LocalPaths, PLACES } from '../installation/index.ts'
import {
  findLockHolder,
  type LockHolder,
  readLockTable,
  readProcess,
  signalProcess,
  writeToFifo,
} from '../processes/index.ts'
import { observeTreeProcesses } from './tree-processes.ts'
import { watchFolderOf } from './tree-scripts.ts'

/** A program that is to end. `instance` is `<cluster>.<name>`. */
export interface EndingProgram {
  readonly cluster: string
  readonly name: string
}

const LOOK_AGAIN_MS = 20
/** A logger ends by itself when its program has; ended before, it would take its program with it (SIGPIPE). */
const LOGGER_GRACE_MS = 1_000
/** For s6's own programs, once the last program has ended. */
const AFTERWARDS_MS = 5_000

/**
 * Ends everything: programs with their grace, then what supervises them. Service folders stay, so that the next trees
 * start the same programs at once. The caller holds the exclusive right to the trees.
 */
export async function takeDownTrees(paths: LocalPaths, graceMs: (program: EndingProgram) => number): Promise<void> {
  // Watchers first, or they would revive their sisters. Where one has become its sister, this ends that tree.
  await Promise.all(PLACES.map((place) => writeToFifo(join(watchFolderOf(paths, place), 'supervise', 'control'), 'd')))
  const started = performance.now()
  const told = new Set<number>()
  const deadlines = new Map<string, number>()
  for (;;) {
    const programs = await findPrograms(paths)
    const observed = await observeTreeProcesses(paths)
    if (programs.size === 0 && observed.all.length === 0 && observed.trees.size === 0) return
    const elapsed = performance.now() - started

    for (const stray of observed.strays) signalProcess(stray, 'SIGKILL')
    for (const [place, tree] of observed.trees) {
      if (told.has(tree.pid) || observed.watchedPlaces.has(place)) continue
      told.add(tree.pid)
      signalProcess(tree, 'SIGTERM')
    }
    for (const [name, program] of programs) {
      const isLogger = name.endsWith('.log')
      const deadline = deadlines.get(name) ?? graceMs(parseName(name)) + (isLogger ? LOGGER_GRACE_MS : 0)
      deadlines.set(name, deadline)
      if (elapsed >= deadline) {
        signalProcess(program, 'SIGKILL')
      } else if (!isLogger && !told.has(program.pid) && !(await isSupervised(program))) {
        // Once, and not to those that their supervisor tells: a second SIGTERM ends kube-apiserver without its grace.
        told.add(program.pid)
        signalProcess(program, 'SIGTERM')
      }
    }
    const last = Math.max(0, ...deadlines.values()) + AFTERWARDS_MS
    if (elapsed > last) for (const process of observed.all) signalProcess(process, 'SIGKILL')
    if (elapsed > last + AFTERWARDS_MS) {
      const left = [...programs.keys(), ...observed.all.map(({ command, pid }) => `${command} ${pid}`)]
      throw new SubstrateFault(
        'NotReady',
        `still there after SIGKILL: ${left.join(', ')}; look at ps -ef, then try again`,
      )
    }
    await sleep(LOOK_AGAIN_MS)
  }
}

async function isSupervised(program: LockHolder): Promise<boolean> {
  return readProcess(program.parentPid)?.command === 's6-supervise'
}

/** Whoever holds the lock of a program, or of its logger, by the name of the lock. */
async function findPrograms(paths: LocalPaths): Promise<ReadonlyMap<string, LockHolder>> {
  const table = readLockTable()
  const names = await readdir(paths.locks).catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  })
  const programs = new Map<string, LockHolder>()
  for (const name of names.filter((name) => name.includes('.'))) {
    const holder = await findLockHolder(join(paths.locks, name), table)
    if (holder !== undefined) programs.set(name, holder)
  }
  return programs
}

function parseName(lock: string): EndingProgram {
  const [cluster = '', name = ''] = lock.split('.')
  return { cluster, name }
}
