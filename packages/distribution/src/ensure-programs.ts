import { allOrNone } from './all-or-none.ts'
import { missingOf } from './missing-programs.ts'
import { type ProgramRequest, wantedSets } from './program-request.ts'
import type { ProgramName, ProgramSet } from './programs.ts'
import type { ProgressEvent, SourceName } from './progress.ts'
import { ProgressLine } from './progress-line.ts'
import { installSet } from './set-installation.ts'
import { SourceSearch } from './source-search.ts'
import type { Wanted } from './sources/index.ts'
import { lockStore, openStaging, programPath, type StoreLock, storeRoot } from './store/index.ts'
import { openSources, realSurroundings, type Surroundings } from './surroundings.ts'

export interface EnsureOptions {
  /** `storeRoot()` when not given. */
  readonly store?: string
  readonly onProgress?: (event: ProgressEvent) => void
  /** Stops downloads and builds; what was downloaded is continued the next time. */
  readonly signal?: AbortSignal
  /** For tests. */
  readonly surroundings?: Partial<Surroundings>
}

/** A set of programs that is in the store now. */
export interface InstalledSet {
  readonly set: ProgramSet
  readonly version: string
  /** `store` when all of it was there already. */
  readonly source: SourceName
  /** Paths by program name, of those that were asked for. */
  readonly programs: Readonly<Partial<Record<ProgramName, string>>>
}

/** A set on its way into the store. */
interface Task {
  readonly wanted: Wanted
  readonly line: ProgressLine
}

/**
 * Brings programs into the store: from the official sites (or the mirror that EVENKEEL_MIRROR names), else by a build
 * from Go modules. What is there already is left alone. A source of everything is found before anything is fetched.
 * Processes that install into one store wait for each other; each program appears as a whole or not at all.
 * Throws `DistributionError`, or the reason of the signal.
 */
export async function ensurePrograms(
  request: ProgramRequest,
  options: EnsureOptions = {},
): Promise<readonly InstalledSet[]> {
  const surroundings = { ...realSurroundings(), ...options.surroundings }
  const store = options.store ?? storeRoot(surroundings.environment)
  const signal = options.signal ?? new AbortController().signal
  const tasks = wantedSets(request).map((wanted) => ({ wanted, line: new ProgressLine(wanted, options.onProgress) }))
  const sources = new Map<Task, SourceName>()
  const missing = await leaveInstalled(tasks, store, sources)
  if (missing.length > 0) {
    const lock = await lockFor(missing, store, signal)
    try {
      // Not what another process has installed while we waited.
      const stillMissing = await leaveInstalled(missing, store, sources)
      const either = AbortSignal.any([signal, lock.lost])
      for (const [task, source] of await installAll(stillMissing, store, surroundings, either))
        sources.set(task, source)
    } finally {
      await lock.release()
    }
  }
  return tasks.map(({ wanted }, index) => toInstalledSet(wanted, sources.get(tasks[index] as Task) ?? 'store', store))
}

/** Notes which sets are in the store as a whole, and returns the others. */
async function leaveInstalled(tasks: readonly Task[], store: string, sources: Map<Task, SourceName>): Promise<Task[]> {
  const missing: Task[] = []
  for (const task of tasks) {
    if ((await missingOf(task.wanted, store)).length > 0) {
      missing.push(task)
      continue
    }
    task.line.report({ phase: 'installed', message: 'in the store already' }, 'store')
    sources.set(task, 'store')
  }
  return missing
}

async function lockFor(tasks: readonly Task[], store: string, signal: AbortSignal): Promise<StoreLock> {
  const installs = tasks.map(({ wanted }) => `${wanted.set} ${wanted.version}`).join(', ')
  return await lockStore(store, installs, {
    signal,
    onWaiting(holder) {
      const who = holder === undefined ? 'another process' : `pid ${holder.pid}, which installs ${holder.installs}`
      for (const { line } of tasks) line.report({ phase: 'waiting', message: `waiting for ${who}` })
    },
  })
}

async function installAll(
  tasks: readonly Task[],
  store: string,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<readonly (readonly [Task, SourceName])[]> {
  if (tasks.length === 0) return []
  const staging = await openStaging(store)
  const sources = openSources(surroundings)
  try {
    const installations = await allOrNone(
      tasks.map(({ wanted: asked, line }) => async (signal) => {
        const wanted = { ...asked, programs: await missingOf(asked, store) }
        const search = new SourceSearch(wanted, sources.all, line)
        return { wanted, search, line, store, staging, found: await search.next(signal) }
      }),
      signal,
    )
    return await allOrNone(
      installations.map((installation, index) => async (signal) => {
        return [tasks[index] as Task, await installSet(installation, signal)] as const
      }),
      signal,
    )
  } finally {
    await sources.close()
    await staging.discard()
  }
}

function toInstalledSet({ set, version, programs }: Wanted, source: SourceName, store: string): InstalledSet {
  const paths = programs.map((name) => [name, programPath({ name, version }, store)])
  return { set, version, source, programs: Object.fromEntries(paths) }
}
