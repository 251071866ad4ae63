import { acquireExclusion } from '../exclusion.ts'
import { type Installation, type LocalPaths, requireLocalInstallation } from '../installation/index.ts'
import { removeAllNetworks } from '../private-network/index.ts'
import { bringUpTrees } from './ensure-trees.ts'
import { type EndingProgram, takeDownTrees } from './stop-trees.ts'

export { findAbandonedProcesses } from './abandoned.ts'
export { ensureLink } from './ensure-trees.ts'
export type { EndingProgram } from './stop-trees.ts'
export { hasWorkingFolder } from './tree-processes.ts'
export { scanControlOf, scanFolderOf } from './tree-scripts.ts'

export interface TreeOptions {
  /** State folder. */
  readonly home: string
  readonly signal?: AbortSignal
}

export interface StopTreesOptions extends TreeOptions {
  /** How long a program may take after SIGTERM; 10 s for all unless given. 0 is SIGKILL at once. */
  readonly graceSeconds?: (program: EndingProgram) => number
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

/**
 * Ends every program and every supervisor of an installation, for `down`: bounded, with nothing left, private networks
 * neither.
 */
export async function stopTrees(options: StopTreesOptions): Promise<void> {
  const { graceSeconds = () => 10 } = options
  await exclusively(options, async (paths, { octet }) => {
    await takeDownTrees(paths, (program) => graceSeconds(program) * 1000)
    await removeAllNetworks(paths, octet)
  })
}

async function exclusively<T>(
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
