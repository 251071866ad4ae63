import { glob } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { runCommand } from '../command.ts'

/** The Go toolchain of this machine, or why there is none that will do. */
export type GoSearch =
  | { readonly found: true; readonly path: string /** Such as `1.26.8`. */; readonly version: string }
  | { readonly found: false; readonly reason: string; readonly mend: string }

export interface GoSearchOptions {
  /** Oldest version that will do; what our builds need when not given. */
  readonly minimum?: string
  readonly environment?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  /** Where Go is installed without being on PATH, absolute paths or patterns; the usual places when not given. */
  readonly usualPlaces?: readonly string[]
}

/** What the module files of our builds ask for (Kubernetes 1.36 and 1.37). */
export const MINIMUM_GO = '1.26.0'

/** Go's own archive, Debian's packages (backports too). */
const USUAL_PLACES = ['/usr/local/go/bin/go', '/usr/lib/go-*/bin/go', '/snap/bin/go']

/** The first Go that is recent enough, of those on PATH and in the usual places. Downloads no toolchain. */
export async function findGo(options: GoSearchOptions = {}): Promise<GoSearch> {
  const { minimum = MINIMUM_GO, environment = process.env, usualPlaces = USUAL_PLACES } = options
  const signal = options.signal ?? new AbortController().signal
  const tooOld: string[] = []
  for (const path of await candidatesOf(environment, usualPlaces)) {
    const version = await versionOf(path, environment, signal)
    if (version === undefined) continue
    if (isAtLeast(version, minimum)) return { found: true, path, version }
    tooOld.push(`${path} is ${version}`)
  }
  const needed = minimum.replace(/\.0$/, '')
  return {
    found: false,
    reason: `Go ${needed} or later is needed: ${tooOld.length === 0 ? 'none was found' : tooOld.join(', ')}`,
    mend: `install Go ${needed} or later (https://go.dev/dl/) and put it on PATH`,
  }
}

async function candidatesOf(
  environment: NodeJS.ProcessEnv,
  usualPlaces: readonly string[],
): Promise<readonly string[]> {
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const candidates = new Set(folders.map((folder) => join(folder, 'go')))
  for (const pattern of usualPlaces) {
    const paths: string[] = []
    for await (const path of glob(pattern)) paths.push(path)
    for (const path of paths.sort().reverse()) candidates.add(path)
  }
  return [...candidates]
}

/** Undefined where this is no Go that runs. */
async function versionOf(
  path: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const options = { folder: '/', environment: { ...environment, GOTOOLCHAIN: 'local', GOWORK: 'off' }, signal }
    const { code, stdout } = await runCommand(path, ['env', 'GOVERSION'], options)
    // `go1.26.8`, `go1.27rc1`, `go1.26.8 X:experiment`; a build of a commit is `devel go1.28-...`.
    return code === 0 ? /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(stdout[0] ?? '')?.[1] : undefined
  } catch {
    // Not there, or not a program: the next candidate.
    signal.throwIfAborted()
    return undefined
  }
}

function isAtLeast(version: string, minimum: string): boolean {
  const [have, need] = [version, minimum].map((text) => text.split('.').map(Number))
  for (const [index, part] of (need ?? []).entries()) {
    const difference = (have?.[index] ?? 0) - part
    if (difference !== 0) return difference > 0
  }
  return true
}
