import { isAbsolute } from 'node:path'
import { runCommand } from '../command.ts'
import type { CLibrary } from './set-recipes.ts'
import { SourceSkip } from './source.ts'

/** What Go asks to link C; named, since the user's choice of another would change the result. */
export const C_COMPILER = 'gcc'

interface Need {
  /** For people. */
  readonly what: string
  readonly debianPackage: string
  readonly isThere: () => Promise<boolean>
}

/**
 * Throws `SourceSkip`, with Debian's packages for it, unless programs with these libraries in them can be linked here.
 * Nothing is compiled for that: the compiler is asked where it would find what it needs.
 */
export async function requireCToolchain(
  libraries: readonly CLibrary[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const answers = async (file: string, ...args: string[]) => {
    try {
      const { code, stdout } = await runCommand(file, args, { environment, signal })
      return code === 0 ? stdout.join('\n') : undefined
    } catch {
      // Not there, or not a program.
      signal.throwIfAborted()
      return undefined
    }
  }
  // Without a path before it where the compiler does not find the file.
  const finds = async (file: string) => isAbsolute((await answers(C_COMPILER, `-print-file-name=${file}`)) ?? '')
  const needs: readonly Need[] = [
    {
      what: 'a C compiler (gcc)',
      debianPackage: 'gcc',
      isThere: async () => (await answers(C_COMPILER, '-dumpversion')) !== undefined,
    },
    { what: 'the C library to link (libc.a)', debianPackage: 'libc6-dev', isThere: () => finds('libc.a') },
    {
      what: 'pkg-config',
      debianPackage: 'pkg-config',
      isThere: async () => (await answers('pkg-config', '--version')) !== undefined,
    },
    ...libraries.map(({ name, debianPackage }) => ({
      what: `${name} to link (${name}.a)`,
      debianPackage,
      isThere: async () => (await finds(`${name}.a`)) && (await answers('pkg-config', '--exists', name)) !== undefined,
    })),
  ]
  const found = await Promise.all(needs.map(({ isThere }) => isThere()))
  const missing = needs.filter((_need, index) => !found[index])
  if (missing.length === 0) return
  const packages = missing.map(({ debianPackage }) => debianPackage)
  throw new SourceSkip(`part of it is C, and there is no ${missing.map(({ what }) => what).join(', no ')}`, {
    mend: `install ${packages.join(', ')} (apt-get install --no-install-recommends ${packages.join(' ')})`,
    packages,
  })
}
