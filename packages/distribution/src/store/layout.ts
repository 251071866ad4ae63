import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'
import { DistributionError } from '../faults.ts'
import {
  currentPlatform,
  type Platform,
  type ProgramReference,
  type ProgramSet,
  programSetOf,
  requireVersion,
} from '../programs.ts'

/** Where programs are kept, shared by all installations of a user. */
export function storeRoot(environment: NodeJS.ProcessEnv = process.env): string {
  const { EVENKEEL_STORE: given, XDG_CACHE_HOME: caches, HOME: home } = environment
  if (given !== undefined && given !== '') {
    if (isAbsolute(given)) return given
    throw new DistributionError(
      'invalid-request',
      `EVENKEEL_STORE must be an absolute path, not ${JSON.stringify(given)}`,
    )
  }
  // A relative XDG_CACHE_HOME is to be ignored (XDG base directory specification 0.8).
  return join(
    caches !== undefined && isAbsolute(caches) ? caches : join(home || homedir(), '.cache'),
    'evenkeel',
    'store',
  )
}

/** Folder of a set at a version: one file per program name. */
export function setFolder(
  set: ProgramSet,
  version: string,
  store: string,
  platform: Platform = currentPlatform(),
): string {
  requireVersion(version)
  return join(store, set, version, platform)
}

/** Where a program is once it is installed; asks no disk. Throws where there is no such program or version. */
export function programPath(program: ProgramReference, store: string = storeRoot()): string {
  return join(setFolder(programSetOf(program.name), program.version, store), program.name)
}

/** Whether the store has it. What is there is whole: files arrive by rename, after their content. */
export function isInstalled(program: ProgramReference, store: string = storeRoot()): Promise<boolean> {
  return isProgramFile(programPath(program, store))
}

/** Whether there is a file that can be run. */
export async function isProgramFile(path: string): Promise<boolean> {
  try {
    const found = await stat(path)
    return found.isFile() && found.size > 0 && (found.mode & 0o111) !== 0
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
