import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { hasErrorCode } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'

/** A network takes some 0.3 s to make; who has waited so long waits for something that hangs. */
const DEADLINE_MS = 30_000

/** What a script said, and whether it went well. Throws NotReady where it cannot be run at all. */
export async function runScript(
  command: readonly [string, ...string[]],
  script: string,
): Promise<{ readonly ok: boolean; readonly said: string }> {
  const [file, ...args] = command
  const options = { timeout: DEADLINE_MS, env: { PATH: PATH_WITH_SBIN }, cwd: '/' }
  try {
    const { stdout } = await promisify(execFile)(file, [...args, script], options)
    return { ok: true, said: stdout.trim() }
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) {
      throw new SubstrateFault('NotReady', `the program ${file} is not installed: apt-get install util-linux`, {
        cause: error,
      })
    }
    const { stdout = '', stderr = '', killed } = error as { stdout?: string; stderr?: string; killed?: boolean }
    const last = `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? ''
    return { ok: false, said: killed ? `no end within ${DEADLINE_MS / 1000} s` : last }
  }
}

/** One change of networks at a time; a lock of the file, which ends with whoever holds it. */
export function underLock(lock: string): readonly [string, ...string[]] {
  return ['flock', '-o', lock, 'sh', '-c']
}

/** Debian keeps `ip` and `nft` in /usr/sbin, which is not in every user's PATH. */
const PATH_WITH_SBIN = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
