import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'
import { type CommandOptions, runCommand } from '../command.ts'
import { DistributionError } from '../faults.ts'
import { architectureOf, type Platform } from '../programs.ts'
import { diskFullError, saysDiskFull } from '../store/index.ts'
import { C_COMPILER } from './c-toolchain.ts'
import type { Recipe } from './recipe.ts'
import type { FetchJob } from './source.ts'

export interface BuildWork {
  /** Path of the `go` command. */
  readonly go: string
  readonly recipe: Recipe
  readonly platform: Platform
  readonly environment: NodeJS.ProcessEnv
}

/** Flags as Go sets them itself. */
const C_ENVIRONMENT = { CGO_ENABLED: '1', CC: C_COMPILER, CGO_CFLAGS: '-O2 -g', CGO_LDFLAGS: '-O2 -g' } as const

/** Lines of Go's complaint that go into an error. */
const COMPLAINT_LINES = 20

/** Runs the go command in the recipe's folder. Resolves with the lines of its standard output. */
export async function runGo(
  work: BuildWork,
  job: FetchJob,
  args: readonly string[],
  onErrorLine: (line: string) => void,
): Promise<readonly string[]> {
  const scratch = join(job.scratch, 'tmp')
  await mkdir(scratch, { recursive: true })
  const options: CommandOptions = {
    folder: work.recipe.folder,
    environment: goEnvironment(work, scratch),
    signal: job.signal,
    stopSignal: 'SIGINT',
    onLine: (line, output) => {
      if (output === 'stderr') onErrorLine(line)
    },
  }
  // The kernel interrupts Go when we die, however that happens: a build that nobody waits for would go on for minutes.
  const { code, stdout, stderr } = await runCommand('setpriv', ['--pdeathsig', 'INT', '--', work.go, ...args], options)
    // Without util-linux we do without that.
    .catch((error: unknown) => {
      if (hasErrorCode(error, 'ENOENT')) return runCommand(work.go, args, options)
      throw error
    })
  if (code === 0) return stdout
  throw explainFailure(work, args, stderr)
}

/**
 * Go's settings come from variables and from a file of the user (`go env -w`). What would change the result is set here,
 * and where the modules come from (GOPROXY, GOSUMDB, GOPRIVATE, caches, proxies) stays the user's.
 */
function goEnvironment({ environment, platform, recipe }: BuildWork, scratch: string): NodeJS.ProcessEnv {
  const { GOROOT: _root, GOBIN: _bin, GOEXPERIMENT: _experiment, GODEBUG: _debug, ...kept } = environment
  return {
    ...kept,
    // Not empty, since an empty one would let the user's file speak; this is what Go does anyway.
    GOFLAGS: '-mod=readonly',
    GO111MODULE: 'on',
    GOWORK: 'off',
    GOTOOLCHAIN: 'local',
    ...(recipe.cLibraries === undefined ? { CGO_ENABLED: '0' } : C_ENVIRONMENT),
    GOOS: 'linux',
    GOARCH: architectureOf(platform),
    GOAMD64: 'v1',
    GOARM64: 'v8.0',
    // In the store's staging, so that a killed build leaves nothing that is not swept.
    GOTMPDIR: scratch,
  }
}

function explainFailure(work: BuildWork, args: readonly string[], stderr: readonly string[]): DistributionError {
  const lines = stderr.filter((line) => !line.startsWith('go: downloading '))
  const complaint = lines.slice(-COMPLAINT_LINES).join('\n')
  if (saysDiskFull(complaint)) return diskFullError("the store or Go's cache (GOCACHE, GOMODCACHE)", complaint)
  const isNetwork = /dial tcp|proxyconnect|no such host|connection re(fused|set)|i\/o timeout|TLS handshake/.test(
    complaint,
  )
  const next = isNetwork
    ? "Go's module proxy cannot be reached: set GOPROXY to one that can, or EVENKEEL_MIRROR to a mirror of the official sites"
    : `it was: ${work.go} ${args[0]} with ${work.recipe.moduleFile} in ${work.recipe.folder}`
  return new DistributionError('build-failed', `the build failed:\n${complaint}\n${next}`)
}
