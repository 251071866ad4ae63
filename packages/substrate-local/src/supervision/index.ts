import { acquireExclusion } from '../exclusion.ts'
import { type Installation, type LocalPaths, requireLocalInstallation } from '../installation/index.ts'
import { bringUpTrees } from './ensure-trees.ts'

export { findAbandonedProcesses } from './abandoned.ts'
export { ensureLink } from './ensure-trees.ts'
export { type EndingProgram, takeDownTrees } from './stop-trees.ts'
export { hasWorkingFolder } from './tree-processes.ts'
export { scanControlOf, scanFolderOf } from './tree-scripts.ts'

export interface TreeOptions {
  /** State folder. */
  readonly home: string
  readonly signal?: AbortSignal
}

/**
 * Starts the supervision trees of an installation, or repairs them: what is missing is started, what was lost or had its
 * folder wiped is replaced, and the programs live on meanwhile. For `up`, and for keepers now and then. Safe to run
 * twice at once. Answers what it did, in words for a log; nothing when all was well. Throws NotFound (no installation,
 * no s6), NotReady, NoSpace.
 */
export async function ensureTrees(options: TreeOptions): Promise<readonly string[]> {
  return await exclusively(options, bringUpTrees)
}

/** Does `work` while nobody else makes, mends or ends the trees of an installation. */
export async function exclusively<T>(
  options: TreeOptions,
  work: (paths: LocalPaths, installation: Installation) => Promise<T>,
): Promise<T> {
  const { installation, paths } = await requireLocalInstallation(options.home)
  const exclusion = await acquireExclusion(installation.lockSecret, 'trees', options.signal)
  try {
    return await work(paths, installation)
  } finally {
    await exclusion.release()
  }
}
