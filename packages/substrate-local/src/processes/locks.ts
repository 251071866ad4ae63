import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { hasErrorCode } from '@evenkeel/kernel'
import { type Process, readEnvironment, readProcess } from './process.ts'

/** Names, in the environment of whoever waits for or holds a lock of ours, the absolute path of its file. */
export const LOCK_VARIABLE = 'EVENKEEL_LOCK'

/** Names, in the environment of all that runs on a machine of ours, that machine. */
export const MACHINE_VARIABLE = 'EVENKEEL_MACHINE'

/** Whether any program or supervisor of the installation in `home` (without symbolic links) runs. */
export function isAnyRunning(home: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.some((pid) => {
    const environment = readEnvironment(Number(pid))
    return environment.get('EVENKEEL_HOME') === home && environment.has(LOCK_VARIABLE)
  })
}

/** Who holds record locks on which files, as /proc/locks had it at one moment. */
export interface LockTable {
  /** Pids by inode of the file. Inodes of several file systems may coincide. */
  readonly holders: ReadonlyMap<number, readonly number[]>
  readonly waiters: ReadonlyMap<number, readonly number[]>
}

/**
 * Reads all record locks of the machine. s6-setlock takes POSIX locks (fcntl; s6 2.11): they belong to the process, not
 * to the descriptor, so they stay through exec with the same pid, and children do not share them. The kernel hands the
 * list out in pages, so that a lock may be missing when others go at the same moment: who finds none looks again, and
 * `isLockFree` knows.
 */
export function readLockTable(): LockTable {
  return parseLockTable(readFileSync('/proc/locks', 'utf8'))
}

/** Pure. Lines are like `1: POSIX  ADVISORY  WRITE 2852 fe:00:1041 0 EOF`, those that wait have `->` after the number. */
export function parseLockTable(text: string): LockTable {
  const holders = new Map<number, number[]>()
  const waiters = new Map<number, number[]>()
  for (const line of text.split('\n')) {
    const found = /^\d+: (-> )?POSIX\s+ADVISORY\s+WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line)
    if (found === null) continue
    const table = found[1] === undefined ? holders : waiters
    const inode = Number(found[3])
    const pids = table.get(inode)
    if (pids === undefined) table.set(inode, [Number(found[2])])
    else pids.push(Number(found[2]))
  }
  return { holders, waiters }
}

export interface LockHolder extends Process {
  readonly environment: ReadonlyMap<string, string>
}

/** Whether the lock of `file` seems to be held, for a look at many; the inode may be another file system's. */
export async function seemsHeld(file: string, table: LockTable): Promise<boolean> {
  const inode = await inodeOf(file)
  return inode !== undefined && table.holders.has(inode)
}

/** The process that holds the lock of `file`, by inode and by what it says in its environment. */
export async function findLockHolder(file: string, table: LockTable): Promise<LockHolder | undefined> {
  return (await findAt(file, table.holders))[0]
}

/** The processes that wait for the lock of `file`. */
export async function findLockWaiters(file: string, table: LockTable): Promise<readonly LockHolder[]> {
  return await findAt(file, table.waiters)
}

async function findAt(file: string, pids: ReadonlyMap<number, readonly number[]>): Promise<LockHolder[]> {
  const inode = await inodeOf(file)
  const found: LockHolder[] = []
  for (const pid of inode === undefined ? [] : (pids.get(inode) ?? [])) {
    const process = readProcess(pid)
    const environment = readEnvironment(pid)
    // By path as well, not by device: stat and /proc/locks name different devices on some file systems (btrfs).
    if (process !== undefined && environment.get(LOCK_VARIABLE) === file) found.push({ ...process, environment })
  }
  return found
}

/** Takes the lock for a moment: the one sure way to know that nobody has it. `run` is done while it is held. */
export async function isLockFree(file: string, run: readonly [string, ...string[]] = ['true']): Promise<boolean> {
  if ((await inodeOf(file)) === undefined) return true
  const child = spawn('s6-setlock', ['-n', file, ...run], { stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}

async function inodeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
