import { missingOf } from './missing-programs.ts'
import { type ProgramRequest, wantedSets } from './program-request.ts'
import type { ProgramSet } from './programs.ts'
import type { SourceName } from './progress.ts'
import { defaultRelease } from './releases/index.ts'
import { type Source, SourceSkip, type Wanted } from './sources/index.ts'
import { setFolder, storeRoot } from './store/index.ts'
import { openSources, realSurroundings, type Surroundings } from './surroundings.ts'

/** Whether a source can give a set of programs, and if not, why and what to do. */
export interface SourceCheck {
  readonly source: SourceName
  readonly set: ProgramSet
  readonly version: string
  readonly isUsable: boolean
  /** Where it would come from, or why not. */
  readonly detail: string
  /** What would make it usable, where that is known. */
  readonly mend?: string
  /** Debian packages that would make it usable. */
  readonly packages?: readonly string[]
}

export interface CheckOptions {
  /** `storeRoot()` when not given. */
  readonly store?: string
  readonly signal?: AbortSignal
  /** For tests. */
  readonly surroundings?: Partial<Surroundings>
}

/**
 * Asks every source for what is wanted (the default release and its etcd when not given), without fetching it: one line
 * for each source and set, in the order in which `ensurePrograms` asks. A set can be had where one of its lines is
 * usable. Takes some seconds where sites give no answer.
 */
export async function checkSources(
  request?: ProgramRequest,
  options: CheckOptions = {},
): Promise<readonly SourceCheck[]> {
  const surroundings = { ...realSurroundings(), ...options.surroundings }
  const store = options.store ?? storeRoot(surroundings.environment)
  const signal = options.signal ?? new AbortController().signal
  const sources = openSources(surroundings)
  try {
    const checks = wantedSets(request ?? defaultRequest()).map(async (wanted) => {
      return await Promise.all([
        checkStore(wanted, store),
        ...sources.all.map((source) => checkSource(source, wanted, signal)),
      ])
    })
    return (await Promise.all(checks)).flat()
  } finally {
    await sources.close()
  }
}

function defaultRequest(): ProgramRequest {
  const { kubernetes, etcd } = defaultRelease()
  return { kubernetes: [kubernetes.version], etcd: [etcd.version] }
}

async function checkStore(wanted: Wanted, store: string): Promise<SourceCheck> {
  const { set, version, platform } = wanted
  const missing = await missingOf(wanted, store)
  const isUsable = missing.length === 0
  const folder = setFolder(set, version, store, platform)
  const detail = isUsable ? `in ${folder}` : `${missing.join(', ')} not in ${folder}`
  return { source: 'store', set, version, isUsable, detail }
}

async function checkSource(source: Source, wanted: Wanted, signal: AbortSignal): Promise<SourceCheck> {
  const about = { source: source.name, set: wanted.set, version: wanted.version }
  try {
    const { origin } = await source.look(wanted, signal)
    return { ...about, isUsable: true, detail: origin }
  } catch (error) {
    if (!(error instanceof SourceSkip)) throw error
    const { message: detail, mend, packages } = error
    const help = { ...(mend === undefined ? {} : { mend }), ...(packages.length === 0 ? {} : { packages }) }
    return { ...about, isUsable: false, detail, ...help }
  }
}
