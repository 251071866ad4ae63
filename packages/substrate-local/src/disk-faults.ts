import { hasErrorCode } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'

/** Runs `work`; a full disk or quota becomes the fault NoSpace that names `path`. */
export async function withDiskFaults<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!hasErrorCode(error, 'ENOSPC', 'EDQUOT')) throw error
    throw new SubstrateFault('NoSpace', `no space left on the disk of ${path}: free some`, {
      cause: error,
    })
  }
}
