import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readFileIfThere } from '@evenkeel/kernel'
import { minorOf, type ProgramName, type ProgramSet } from '../programs.ts'
import { SourceSkip, type Wanted } from './source.ts'

/** How a set is built from Go modules: pure data. */
export interface Recipe {
  /** Folder of the root module; Go runs there. */
  readonly folder: string
  /** In that folder; its `.sum` stands beside it. */
  readonly moduleFile: string
  /** Oldest Go that the module file takes, such as `1.26.0`. */
  readonly minimumGo: string
  /** What to build: only what the wanted programs come from. */
  readonly packages: readonly RecipePackage[]
  readonly linkerFlags: string
}

export interface RecipePackage {
  readonly path: string
  /** How Go names the file: by the last part of the package's path that is not a version. */
  readonly output: string
  /** What it becomes; one that becomes several chooses by the name that its file is called by. */
  readonly programs: readonly ProgramName[]
}

interface SetRecipe {
  /** The module whose version is the set's. */
  readonly module: string
  readonly packages: readonly RecipePackage[]
  readonly stamps: (version: string) => Readonly<Record<string, string>>
}

const SET_RECIPES: Readonly<Record<ProgramSet, SetRecipe>> = {
  kubernetes: {
    module: 'k8s.io/kubernetes',
    packages: [
      {
        path: '.',
        output: 'kubernetes',
        programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet', 'kubectl'],
      },
    ],
    stamps: (version) => {
      const [major = '', minor = ''] = minorOf(version).split('.')
      const stamps: Record<string, string> = {}
      // Both packages answer "which version": the first for servers, the second for clients' user agents.
      for (const path of ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']) {
        stamps[`${path}.gitVersion`] = version
        stamps[`${path}.gitMajor`] = major
        stamps[`${path}.gitMinor`] = minor
        stamps[`${path}.gitTreeState`] = 'archive'
        // Modules do not say of which commit they are.
        stamps[`${path}.gitCommit`] = ''
      }
      return stamps
    },
  },
  etcd: {
    module: 'go.etcd.io/etcd/server/v3',
    packages: [
      { path: 'go.etcd.io/etcd/server/v3', output: 'server', programs: ['etcd'] },
      { path: 'go.etcd.io/etcd/etcdctl/v3', output: 'etcdctl', programs: ['etcdctl'] },
      { path: 'go.etcd.io/etcd/etcdutl/v3', output: 'etcdutl', programs: ['etcdutl'] },
    ],
    // etcd's version is a constant of its code.
    stamps: () => ({}),
  },
}

/** The recipe for what is wanted, below `root` (one folder a set). Throws `SourceSkip` where we have none. */
export async function readRecipe(root: string, { set, version, programs }: Wanted): Promise<Recipe> {
  const { module, packages, stamps } = SET_RECIPES[set]
  const folder = join(root, set)
  const moduleFile = `${minorOf(version)}.mod`
  const content = await readFileIfThere(join(folder, moduleFile))
  if (content === undefined) {
    const names = (await readdir(folder)).filter((name) => /^\d.*\.mod$/.test(name)).sort()
    throw new SourceSkip(`there is no recipe to build ${set} ${minorOf(version)}, only ${names.join(', ') || 'none'}`)
  }
  const pinned = requiredVersion(content, module)
  if (pinned !== version) {
    throw new SourceSkip(
      `the recipe to build ${set} ${minorOf(version)} is for ${pinned ?? 'no version'}, not ${version}`,
    )
  }
  const flags = Object.entries(stamps(version)).map(([name, value]) => `-X ${name}=${value}`)
  return {
    folder,
    moduleFile,
    minimumGo: /^go (\S+)$/m.exec(content)?.[1] ?? '1.26.0',
    packages: packages.filter((candidate) => candidate.programs.some((program) => programs.includes(program))),
    linkerFlags: ['-s', '-w', ...flags].join(' '),
  }
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
