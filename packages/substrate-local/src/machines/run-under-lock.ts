import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { hasErrorCode } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'

/** A machine takes some 0.4 s to make, and half of that to end; who has waited so long waits for something that hangs. */
const DEADLINE_SECONDS = 60

/**
 * Runs a script of a machine while nobody else makes or ends that machine. The lock is the script's, too: it is held until
 * both have ended, whoever of them is killed. Throws NotReady with `failure` and the last line that it said.
 */
export async function runUnderLock(
  lock: string,
  words: readonly [string, ...string[]],
  failure: string,
): Promise<void> {
  const args = ['-w', `${DEADLINE_SECONDS}`, '-E', `${LOCKED}`, lock, ...words]
  try {
    await promisify(execFile)('flock', args, { cwd: '/', env: { PATH } })
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) {
      throw new SubstrateFault('NotReady', `${failure}: flock is not installed: apt-get install util-linux`, {
        cause: error,
      })
    }
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: number | string }
    const last = `${stdout}\n${stderr}`.trim().split('\n').at(-1)
    const why = code === LOCKED ? `somebody has been at work on it for ${DEADLINE_SECONDS} s` : last
    throw new SubstrateFault('NotReady', `${failure}: ${why}; ./evenkeel doctor says what the host lacks`, {
      cause: error,
    })
  }
}

/** Exit status for a lock that could not be had. */
const LOCKED = 75
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
