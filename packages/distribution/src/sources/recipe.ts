import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readFileIfThere } from '@evenkeel/kernel'
import { minorOf } from '../programs.ts'
import { type CLibrary, type RecipePackage, SET_RECIPES, type SetRecipe } from './set-recipes.ts'
import { SourceSkip, type Wanted } from './source.ts'

/** How a set is built from Go modules: pure data. */
export interface Recipe {
  /** Folder of the root module; Go runs there. */
  readonly folder: string
  /** In that folder; its `.sum` stands beside it. */
  readonly moduleFile: string
  /** Oldest Go that the module file takes, such as `1.26.0`. */
  readonly minimumGo: string
  /** One `go build` each: only what the wanted programs come from. */
  readonly builds: readonly RecipeBuild[]
  /** What is linked into it where part of it is written in C. */
  readonly cLibraries?: readonly CLibrary[]
}

/** What is built with the same tags. */
export interface RecipeBuild {
  /** Flags of `go build` beside those that every build has. */
  readonly flags: readonly string[]
  readonly packages: readonly RecipePackage[]
}

/** The recipe for what is wanted, below `root` (one folder a set). Throws `SourceSkip` where we have none. */
export async function readRecipe(root: string, { set, version, programs }: Wanted): Promise<Recipe> {
  const { module, packages, stamps, tags, cLibraries } = SET_RECIPES[set]
  const folder = join(root, set)
  const { moduleFile, content } = await readModuleFile(folder, { set, version, module })
  const linkerFlags = ['-s', '-w', ...Object.entries(stamps(version)).map(([name, value]) => `-X ${name}=${value}`)]
  const modeFlags: string[] = []
  if (cLibraries !== undefined) {
    // Whole, so that it runs beside any C library or none; position-independent, as upstream's is.
    modeFlags.push('-buildmode=pie')
    linkerFlags.push('-linkmode external', '-extldflags -static-pie')
  }
  const wanted = packages.filter((candidate) => candidate.programs.some((program) => programs.includes(program)))
  const byTags = Map.groupBy(wanted, (one) => [...tags, ...(one.tags ?? [])].join(','))
  return {
    folder,
    moduleFile,
    minimumGo: /^go (\S+)$/m.exec(content)?.[1] ?? '1.26.0',
    builds: [...byTags].map(([joined, packages]) => {
      const tagFlags = joined === '' ? [] : [`-tags=${joined}`]
      return { flags: [...tagFlags, ...modeFlags, '-ldflags', linkerFlags.join(' ')], packages }
    }),
    ...(cLibraries === undefined ? {} : { cLibraries }),
  }
}

/**
 * The module file of a version: `1.37.2.mod` for a patch that is kept beside its minor's newest, `1.37.mod` for that. Our
 * own sources have one version, and `go.mod`.
 */
async function readModuleFile(
  folder: string,
  { set, version, module }: Pick<Wanted, 'set' | 'version'> & Pick<SetRecipe, 'module'>,
): Promise<{ readonly moduleFile: string; readonly content: string }> {
  if (typeof module !== 'string') {
    if (version !== module.ownVersion) {
      throw new SourceSkip(`our own ${set} is ${module.ownVersion}, there are no sources of ${version}`)
    }
    return { moduleFile: 'go.mod', content: await readFile(join(folder, 'go.mod'), 'utf8') }
  }
  const minor = minorOf(version)
  let pinned: string | undefined
  for (const moduleFile of [`${version.slice(1)}.mod`, `${minor}.mod`]) {
    const content = await readFileIfThere(join(folder, moduleFile))
    if (content === undefined) continue
    pinned = requiredVersion(content, module) ?? 'no version'
    if (pinned === version) return { moduleFile, content }
  }
  if (pinned !== undefined) throw new SourceSkip(`the recipe to build ${set} ${minor} is for ${pinned}, not ${version}`)
  const names = (await readdir(folder)).filter((name) => /^\d.*\.mod$/.test(name)).sort()
  throw new SourceSkip(`there is no recipe to build ${set} ${minor}, only ${names.join(', ') || 'none'}`)
}

/** The version of a module that a go.mod requires, as it stands there. */
function requiredVersion(moduleFile: string, module: string): string | undefined {
  for (const line of moduleFile.split('\n')) {
    const [path, version] = line
      .trim()
      .replace(/^require\s+/, '')
      .split(/\s+/)
    if (path === module && version?.startsWith('v')) return version
  }
  return undefined
}
