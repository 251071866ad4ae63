import { link, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { requireCToolchain } from './c-toolchain.ts'
import { findGo, type GoSearchOptions } from './go.ts'
import { type BuildWork, runGo } from './go-run.ts'
import { readRecipe } from './recipe.ts'
import { type FetchJob, type Offer, type Source, SourceSkip, type Wanted } from './source.ts'

export interface BuildSourceOptions {
  /** Folder of recipes: one folder a set, in it one module file a minor. */
  readonly recipes: string
  readonly environment: NodeJS.ProcessEnv
  readonly usualPlaces?: GoSearchOptions['usualPlaces']
}

/** Programs built from upstream's Go modules, checked by Go against the digests in our `.sum` files. */
export function createBuildSource({ recipes, environment, usualPlaces }: BuildSourceOptions): Source {
  /** One build at a time: each of them uses all processors and much memory by itself. */
  let turn: Promise<unknown> = Promise.resolve()
  let builds = 0
  return {
    name: 'build',
    async look(wanted: Wanted, signal: AbortSignal): Promise<Offer> {
      const recipe = await readRecipe(recipes, wanted)
      const options = { minimum: recipe.minimumGo, environment, signal }
      const go = await findGo(usualPlaces === undefined ? options : { ...options, usualPlaces })
      if (!go.found) throw new SourceSkip(go.reason, { mend: go.mend })
      if (recipe.cLibraries !== undefined) await requireCToolchain(recipe.cLibraries, environment, signal)
      const work = { go: go.path, recipe, platform: wanted.platform, environment }
      return {
        origin: `Go modules with Go ${go.version}`,
        fetch(job) {
          if (builds > 0) job.report({ phase: 'building', message: 'waiting for another build' })
          builds += 1
          const mine = turn.then(() => build(work, job))
          turn = mine.catch(() => undefined).finally(() => (builds -= 1))
          return mine
        },
      }
    },
  }
}

async function build(work: BuildWork, job: FetchJob): Promise<void> {
  const { moduleFile, builds } = work.recipe
  const targets = builds.map(({ flags, packages }) => ({
    flags: ['-trimpath', '-buildvcs=false', `-modfile=${moduleFile}`, ...flags],
    paths: packages.map(({ path }) => path),
  }))
  const stale = new Set<string>()
  for (const { flags, paths } of targets) {
    for (const path of await stalePackages(work, job, [...flags, ...paths])) stale.add(path)
  }
  const totalPackages = stale.size
  const packages = builds.flatMap((build) => build.packages)
  // Programs themselves are never in Go's cache: where nothing else is to be compiled, linking is all there is to do.
  const first = totalPackages <= packages.length ? 'linking' : 'compiling'
  job.report({ phase: 'building', message: first, donePackages: 0, totalPackages })
  const done = new Set<string>()
  const onLine = (line: string) => {
    if (!isPackageName(line)) return
    done.add(line)
    const message = done.size < totalPackages ? `compiling ${line}` : 'linking'
    job.report({ phase: 'building', message, donePackages: Math.min(done.size, totalPackages), totalPackages })
  }
  for (const { flags, paths } of targets) {
    // Into a folder, where Go names the files itself.
    await runGo(work, job, ['build', '-v', ...flags, '-o', `${job.scratch}/`, ...paths], onLine)
  }
  for (const { output, programs } of packages) {
    const [first = '', ...others] = programs
    await rename(join(job.scratch, output), join(job.programs, first))
    // Links: the one file is all of its programs, chosen by the name that it is called by.
    for (const program of others) await link(join(job.programs, first), join(job.programs, program))
  }
}

/** Packages that are to be compiled: those that are not in Go's cache. Fetches the modules that are not there. */
async function stalePackages(work: BuildWork, job: FetchJob, target: readonly string[]): Promise<readonly string[]> {
  job.report({ phase: 'building', message: 'fetching modules' })
  let modules = 0
  const args = ['list', '-deps', '-f', '{{if .Stale}}{{.ImportPath}}{{end}}', ...target]
  const stale = await runGo(work, job, args, (line) => {
    const module = /^go: downloading (.+)$/.exec(line)?.[1]
    if (module === undefined) return
    modules += 1
    job.report({ phase: 'building', message: `fetching module ${modules}: ${module}` })
  })
  return stale.filter(isPackageName)
}

/** `go build -v` prints the package's path when it is compiled, and sentences when something is the matter. */
function isPackageName(line: string): boolean {
  return /^[\w.~/-]+$/.test(line)
}
