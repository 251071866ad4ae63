import { stopMachines } from './machines/index.ts'
import { removeAllNetworks } from './private-network/index.ts'
import { type EndingProgram, exclusively, type TreeOptions, takeDownTrees } from './supervision/index.ts'

export interface StopTreesOptions extends TreeOptions {
  /** How long a program may take after SIGTERM; 10 s for all unless given. 0 is SIGKILL at once. */
  readonly graceSeconds?: (program: EndingProgram) => number
}

/**
 * Ends every program and every supervisor of an installation, for `down`: bounded, with nothing left, neither of machines,
 * whose disks stay, nor of private networks.
 */
export async function stopTrees(options: StopTreesOptions): Promise<void> {
  const { graceSeconds = () => 10 } = options
  await exclusively(options, async (paths, installation) => {
    await takeDownTrees(paths, (program) => graceSeconds(program) * 1000)
    // Only now, when nobody starts their programs any more, and before their networks go.
    await stopMachines(paths, installation)
    await removeAllNetworks(paths, installation.octet)
  })
}
