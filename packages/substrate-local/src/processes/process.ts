import { readdirSync, readFileSync } from 'node:fs'
import { hasErrorCode } from '@evenkeel/kernel'

/** One process, named so that a reused pid is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/<pid>/stat: clock ticks between the start of the machine and its own. */
  readonly startTicks: number
}

export interface Process extends ProcessIdentity {
  /** First 15 characters of its program's file name. */
  readonly command: string
  readonly parentPid: number
}

/** Ticks of /proc are hundredths of a second on every Linux that Node runs on. */
const MILLISECONDS_PER_TICK = 10

/** Undefined where there is no such process, or only its zombie. */
export function readProcess(pid: number): Process | undefined {
  const text = readProc(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The command stands in brackets and may hold any character, brackets and blanks too.
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return {
    pid,
    command: text.slice(open + 1, close),
    parentPid: Number(fields[1]),
    startTicks: Number(fields[19]),
  }
}

/** Processes with one of these commands. */
export function findProcesses(commands: ReadonlySet<string>): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const found = pids.map((pid) => readProcess(Number(pid)))
  return found.filter((process) => process !== undefined && commands.has(process.command)) as Process[]
}

/** What a process was started with; empty where it is gone or somebody else's. */
export function readEnvironment(pid: number): ReadonlyMap<string, string> {
  const text = readProc(`/proc/${pid}/environ`) ?? ''
  const entries = text.split('\0').filter((entry) => entry.includes('='))
  return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]))
}

/** When a process was started, in milliseconds since the epoch. */
export function startTimeOf(process: ProcessIdentity): number {
  bootTimeMs ??= Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1000
  return bootTimeMs + process.startTicks * MILLISECONDS_PER_TICK
}

let bootTimeMs: number | undefined

/** Sends a signal unless the process is gone; answers whether it was there. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  const found = readProcess(identity.pid)
  if (found?.startTicks !== identity.startTicks) return false
  try {
    process.kill(identity.pid, signal)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'ESRCH')) return false
    throw error
  }
}

/** Synchronous, since /proc is memory: to hand a read of it to a thread costs several times the read. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // EACCES and EPERM: a process of somebody else, which is none of ours.
    if (hasErrorCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined
    throw error
  }
}
