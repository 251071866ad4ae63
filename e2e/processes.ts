import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** One process of an installation and the part it plays. */
export interface InstalledProcess {
  readonly pid: number
  readonly parentPid: number
  /** Clock ticks since the start of the machine; with the pid it names a process for good. */
  readonly startTicks: number
  /**
   * On its way out of the kernel: it runs no more code, and may or may not have closed its files. It has given its memory
   * back, which comes before files and with them locks are closed, or its first thread is gone and others are not.
   */
  readonly isEnding: boolean
  /** `program`, `logger`: of an instance; `supervisor`: of either; `tree`: s6-svscan; `watcher`: waits to become one. */
  readonly role: 'program' | 'logger' | 'supervisor' | 'tree' | 'watcher'
  /** `<cluster>.<instance>`, with `/log` for what belongs to its logger; `tree-<place>` for trees and their watchers. */
  readonly of: string
}

interface Identified {
  readonly startTicks: number
  readonly command: string
  readonly environment: ReadonlyMap<string, string>
  /** As it was seen last: who has been killed does not say any more. */
  part: Pick<InstalledProcess, 'role' | 'of'> | undefined
}

/**
 * Looks at the processes of one installation, straight in /proc: not through what the product believes. What does not
 * change in the life of a process is read once, so that a look costs a few milliseconds.
 */
export class ProcessTable {
  readonly #home: string
  readonly #known = new Map<number, Identified>()

  constructor(home: string) {
    this.#home = home
  }

  look(): InstalledProcess[] {
    const found: InstalledProcess[] = []
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry)
      if (!Number.isInteger(pid)) continue
      try {
        const process = this.#identify(pid)
        if (process !== undefined) found.push(process)
      } catch (error) {
        if (!isNoneOfOurs(error)) throw error
      }
    }
    // What somebody starts is, until it becomes another program, like whoever started it, but no copy of it.
    const parts = new Map(found.map((process) => [process.pid, keyOf(process)]))
    return found.filter((process) => parts.get(process.parentPid) !== keyOf(process))
  }

  #identify(pid: number): InstalledProcess | undefined {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const command = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const startTicks = Number(fields[19])
    let known = this.#known.get(pid)
    const isOver = fields[0] === 'Z' || fields[0] === 'X'
    const hasNoMemory = fields[20] === '0'
    if (isOver || hasNoMemory) {
      const isEnding = known?.startTicks === startTicks && (!isOver || readdirSync(`/proc/${pid}/task`).length > 1)
      return isEnding && known?.part !== undefined
        ? { pid, parentPid: Number(fields[1]), startTicks, isEnding, ...known.part }
        : undefined
    }
    // A process becomes another program by exec, under the same pid.
    if (known?.startTicks !== startTicks || known.command !== command) {
      known = { startTicks, command, environment: environmentOf(pid), part: undefined }
      // In the middle of an exec a process has its new name and no environment yet: what it is shows at the next look.
      if (known.environment.size > 1) this.#known.set(pid, known)
    }
    if (known.environment.get('EVENKEEL_HOME') !== this.#home) return undefined
    known.part = partOf(pid, command, known.environment)
    if (known.part === undefined) return undefined
    return { pid, parentPid: Number(fields[1]), startTicks, isEnding: false, ...known.part }
  }
}

function partOf(
  pid: number,
  command: string,
  environment: ReadonlyMap<string, string>,
): Pick<InstalledProcess, 'role' | 'of'> | undefined {
  const lock = basename(environment.get('EVENKEEL_LOCK') ?? '')
  switch (command) {
    case 's6-supervise': {
      const folder = readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
      const isLoggers = basename(folder) === 'log'
      return { role: 'supervisor', of: isLoggers ? `${basename(dirname(folder))}/log` : basename(folder) }
    }
    case 's6-svscan':
      return { role: 'tree', of: `tree-${basename(readlinkSync(`/proc/${pid}/cwd`))}` }
    case 's6-setlock':
      return lock.startsWith('tree-') ? { role: 'watcher', of: lock } : undefined
    case 's6-log':
      return { role: 'logger', of: lock.replace(/\.log$/, '/log') }
    case 'sh':
      return undefined
    default: {
      const written = environment.get('EVENKEEL_INSTANCE')
      if (written === undefined) return undefined
      const { cluster, name } = JSON.parse(written) as { cluster: string; name: string }
      return { role: 'program', of: `${cluster}.${name}` }
    }
  }
}

function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  return new Map(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const),
  )
}

/** Gone meanwhile, or somebody else's. */
function isNoneOfOurs(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(error.code))
  )
}

/** SIGKILL; answers whether there was somebody to be killed. */
export function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** When a process was seen last, and when it was seen to be gone (`performance.now()`). */
export interface ProcessEnd extends InstalledProcess {
  readonly seenMs: number
  readonly goneMs: number
}

/** Looks all the time: which processes end, and whether there are two of what there may be one of. */
export class ProcessWatch {
  /** Programs and trees of which two lived at once. */
  readonly copies = new Set<string>()
  readonly ends: ProcessEnd[] = []
  readonly #timer: NodeJS.Timeout
  #last: { readonly atMs: number; readonly processes: readonly InstalledProcess[] }

  constructor(table: ProcessTable, intervalMs = 50) {
    this.#last = { atMs: performance.now(), processes: table.look() }
    this.#timer = setInterval(() => this.#look(table), intervalMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(table: ProcessTable): void {
    const atMs = performance.now()
    const processes = table.look()
    const pids = new Set(processes.map(({ pid }) => pid))
    for (const process of this.#last.processes) {
      if (!pids.has(process.pid)) this.ends.push({ ...process, seenMs: this.#last.atMs, goneMs: performance.now() })
    }
    this.#last = { atMs, processes }
    for (const copies of twice(processes)) {
      // A look takes a moment, in which one may have ended and the next begun: both must be there still.
      const both = table.look().filter(({ pid, isEnding }) => !isEnding && copies.some((copy) => copy.pid === pid))
      if (both.length < 2) continue
      this.copies.add(`${both[0]?.role} ${both[0]?.of}: ${both.map(({ pid }) => pid).join(' and ')}`)
    }
  }
}

function keyOf({ role, of }: InstalledProcess): string {
  return `${role} ${of}`
}

/** Processes that play the same part, where that is for one alone. */
function twice(processes: readonly InstalledProcess[]): InstalledProcess[][] {
  const single = processes.filter(({ role, isEnding }) => (role === 'program' || role === 'tree') && !isEnding)
  return [...Map.groupBy(single, keyOf).values()].filter((copies) => copies.length > 1)
}
