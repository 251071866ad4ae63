import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProgramRef, SubstrateFault } from '@evenkeel/substrate'

/** How a program is started: an absolute file, and arguments that come before those of its spec. */
export interface ProgramCommand {
  readonly file: string
  readonly args: readonly string[]
}

/** Finds programs. Throws NotFound, with what to do about it. */
export type ProgramResolver = (program: ProgramRef) => Promise<ProgramCommand>

export interface ProgramSources {
  /** Absolute path of the Node that runs our own programs. */
  readonly nodePath: string
  /** Absolute folder of the repository: our programs are `packages/<name>/src/main.ts` below it. */
  readonly sourceRoot: string
  /** Where upstream's programs are in the store (`programPath` of distribution). */
  readonly upstream: (program: ProgramRef) => string
  /** Folders of the operating system's programs; PATH and the usual sbin folders unless given. */
  readonly systemFolders?: readonly string[]
}

/** Debian keeps HAProxy in /usr/sbin, which is not in every user's PATH. */
const SBIN_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

export function createProgramResolver(sources: ProgramSources): ProgramResolver {
  return async (program) => {
    if (program.version === 'own') {
      const main = join(sources.sourceRoot, 'packages', program.name, 'src', 'main.ts')
      await requireFile(main, constants.R_OK, `our program ${program.name} is not in ${sources.sourceRoot}: restore it`)
      return { file: sources.nodePath, args: [main] }
    }
    if (program.version === 'system') return { file: await findSystemProgram(program.name, sources), args: [] }
    const file = sources.upstream(program)
    await requireFile(file, constants.X_OK, `${program.name} ${program.version} is not in the store: install it first`)
    return { file, args: [] }
  }
}

async function findSystemProgram(name: string, sources: ProgramSources): Promise<string> {
  const folders = sources.systemFolders ?? [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...SBIN_FOLDERS]
  for (const folder of folders) {
    const file = join(folder, name)
    if (await isThere(file, constants.X_OK)) return file
  }
  throw new SubstrateFault('NotFound', `the program ${name} is not installed: apt-get install ${name}`)
}

async function requireFile(file: string, mode: number, complaint: string): Promise<void> {
  if (!(await isThere(file, mode))) throw new SubstrateFault('NotFound', `${complaint} (looked for ${file})`)
}

async function isThere(file: string, mode: number): Promise<boolean> {
  return await access(file, mode).then(
    () => true,
    () => false,
  )
}
