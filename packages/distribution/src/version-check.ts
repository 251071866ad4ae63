import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { DistributionError } from './faults.ts'
import type { ProgramName } from './programs.ts'

const VERSION_TIMEOUT_MS = 60_000

/**
 * How a program is asked for its version, where that is not by `--version`; the first version in its answer is its own.
 * CNI plugins look at no argument: they tell their version where their environment names no command.
 */
const VERSION_ARGUMENTS: Readonly<Partial<Record<ProgramName, readonly string[]>>> = {
  kubectl: ['version', '--client'],
  etcdctl: ['version'],
  etcdutl: ['version'],
  crane: ['version'],
}

/** Throws unless the program, run under its own name, says that it is of `version`. */
export async function checkVersion(
  folder: string,
  program: ProgramName,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const path = join(folder, program)
  // A home of its own, so that the user's settings (kubectl's kuberc) cannot get in the way.
  const home = `${folder}.home-of-${program}`
  const timeout = AbortSignal.timeout(VERSION_TIMEOUT_MS)
  let answer: readonly string[]
  try {
    const options = { environment: { HOME: home, PATH: '/usr/bin:/bin' }, signal: AbortSignal.any([signal, timeout]) }
    const { stdout, stderr } = await runCommand(path, VERSION_ARGUMENTS[program] ?? ['--version'], options)
    answer = [...stdout, ...stderr]
  } catch (error) {
    signal.throwIfAborted()
    throw new DistributionError(
      'store-unusable',
      `${path} cannot be run (${String(error)}): is its file system mounted noexec? EVENKEEL_STORE names another place`,
      { cause: error },
    )
  } finally {
    await rm(home, { recursive: true, force: true })
  }
  const said = /\bv?(\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)\b/.exec(answer.join('\n'))?.[1]
  if (said !== version.slice(1)) {
    throw new DistributionError(
      'wrong-version',
      `${program} should be ${version} and says that it is ${said ?? (answer.join(' ').slice(0, 200) || 'nothing')}: ` +
        'its source is wrong; name another one with EVENKEEL_MIRROR',
    )
  }
}
