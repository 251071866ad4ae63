import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { allOrNone } from './all-or-none.ts'
import type { ProgramName } from './programs.ts'
import type { SourceName } from './progress.ts'
import type { ProgressLine } from './progress-line.ts'
import type { FoundSource, SourceSearch } from './source-search.ts'
import type { Wanted } from './sources/index.ts'
import { explainDiskError, installPrograms, type Staging, setFolder } from './store/index.ts'
import { checkVersion } from './version-check.ts'

export interface SetInstallation {
  readonly wanted: Wanted
  readonly search: SourceSearch
  /** The source to begin with. */
  readonly found: FoundSource
  readonly line: ProgressLine
  readonly store: string
  readonly staging: Staging
}

/** Fetches one set, asks every program for its version, and moves them into the store. Resolves with their source. */
export async function installSet(installation: SetInstallation, signal: AbortSignal): Promise<SourceName> {
  const { wanted, line, store, staging } = installation
  const { set, version } = wanted
  const folder = join(staging.folder, `${set}-${version}`)
  const programs = join(folder, 'programs')
  const { source, offer } = await fetchFromAny(installation, folder, signal)
  line.report({ phase: 'verifying', message: 'asking each program for its version' }, source.name)
  // A build may bring more than was asked for: it stays, since it costs nothing (links to one file).
  const staged = new Set([...wanted.programs, ...((await readdir(programs)) as ProgramName[])])
  await allOrNone(
    [...staged].map((program) => async (signal) => {
      await chmod(join(programs, program), 0o755)
      await checkVersion(programs, program, version, signal)
    }),
    signal,
  )
  await installPrograms(programs, [...staged], setFolder(set, version, store, wanted.platform))
  await rm(folder, { recursive: true, force: true })
  line.report({ phase: 'installed', message: `installed from ${offer.origin}` }, source.name)
  return source.name
}

async function fetchFromAny(installation: SetInstallation, folder: string, signal: AbortSignal): Promise<FoundSource> {
  const { search, line, staging } = installation
  for (let { found } = installation; ; found = await search.next(signal)) {
    const { source, offer } = found
    const programs = join(folder, 'programs')
    const scratch = join(folder, 'scratch')
    await rm(folder, { recursive: true, force: true })
    for (const path of [programs, scratch]) await mkdir(path, { recursive: true }).catch(explainDiskError(path))
    try {
      const report = (update: Parameters<ProgressLine['report']>[0]) => line.report(update, source.name)
      await offer.fetch({ programs, scratch, partials: staging.partials, signal, report })
      return found
    } catch (error) {
      search.pass(source, error)
    }
  }
}
