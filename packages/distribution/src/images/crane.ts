import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { runCommand } from '../command.ts'
import { DistributionError } from '../faults.ts'
import { diskFullError, saysDiskFull } from '../store/index.ts'

/** crane at work in a scratch folder, beside a registry of its own. */
export interface Crane {
  /** Of the registry, such as `127.0.0.1:40199`. */
  readonly registry: string
  /** Runs one command of crane; resolves with the last line of its output. Throws `image-failed` or `disk-full`. */
  run(args: readonly string[]): Promise<string>
  /** Ends the registry, and with it all that it holds. */
  [Symbol.asyncDispose](): Promise<void>
}

export interface CraneOptions {
  /** Scratch folder: crane reads no settings of the user's, and leaves nothing elsewhere. */
  readonly folder: string
  readonly signal: AbortSignal
}

/**
 * crane changes images where they are: in a registry. So it gets one: crane's own, in memory, on loopback, at a port that
 * the kernel chooses. Anybody on this machine may push to it while it lives, so images are to be named by digest. The kernel
 * ends it when we die, however that happens.
 */
export async function openCrane(crane: string, { folder, signal }: CraneOptions): Promise<Crane> {
  signal.throwIfAborted()
  const environment = { HOME: folder, DOCKER_CONFIG: folder, TMPDIR: folder, PATH: '/usr/bin:/bin' }
  const serve = ['registry', 'serve', '--address', '127.0.0.1:0']
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', crane, ...serve], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const end = async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  try {
    const port = await portOf(child, signal)
    return {
      registry: `127.0.0.1:${port}`,
      run: (args) => runCrane(crane, args, { environment, signal }),
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** The port that the registry says in its first line. What it says later (a line for each request) is read and dropped. */
function portOf(child: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    const fail = (why: string, cause?: unknown) =>
      reject(new DistributionError('image-failed', `crane's registry did not start: ${why}`, { cause }))
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      const port = /serving on port (\d+)/.exec(line)?.[1]
      if (port !== undefined) {
        signal.removeEventListener('abort', abort)
        resolve(port)
      } else if (said.length < 5) said.push(line)
    })
    child.once('error', (error) => fail(`${String(error)}; it is started by setpriv of util-linux`, error))
    child.once('close', () => fail(said.join('; ') || 'it ended'))
  })
}

async function runCrane(
  crane: string,
  args: readonly string[],
  { environment, signal }: { readonly environment: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(crane, args, { environment, signal })
  if (code === 0) return stdout.at(-1) ?? ''
  const complaint = stderr.slice(-5).join('; ')
  if (saysDiskFull(complaint)) throw diskFullError('the store', complaint)
  throw new DistributionError('image-failed', `crane ${args[0]} failed: ${complaint || 'it was ended'}`)
}
