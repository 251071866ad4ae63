import { realpathSync } from 'node:fs'
import { SubstrateFault } from '@evenkeel/substrate'
import { type Installation, loadInstallation } from './installation.ts'
import { type LocalPaths, localPaths } from './paths.ts'

/** Paths of a state folder that exists, without symbolic links: locks are told apart by their paths. */
export function realPaths(home: string): LocalPaths {
  return localPaths(realpathSync(home))
}

/** The installation of a state folder, and its real paths. Throws NotFound. */
export async function requireLocalInstallation(
  home: string,
): Promise<{ readonly installation: Installation; readonly paths: LocalPaths }> {
  const installation = await loadInstallation(home)
  if (installation === undefined) {
    throw new SubstrateFault('NotFound', `there is no installation in ${home}: make one with ./evenkeel up`)
  }
  return { installation, paths: realPaths(home) }
}
