import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface CommandOptions {
  readonly folder?: string
  /** The whole environment of the command. */
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  /** Asked to stop by it when the signal is aborted; SIGTERM when not given. */
  readonly stopSignal?: NodeJS.Signals
  /** Lines of both outputs, as they come. */
  readonly onLine?: (line: string, output: 'stdout' | 'stderr') => void
}

export interface CommandResult {
  /** Absent when a signal ended it. */
  readonly code?: number
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
}

/**
 * Runs a command without a shell and waits until it has ended, after an abort too. Rejects when it cannot be started
 * (the error of the system, with its `code`) and with the signal's reason when that is aborted.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  options.signal.throwIfAborted()
  const child = spawn(file, args, {
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines = { stdout: [] as string[], stderr: [] as string[] }
  for (const output of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[output] }).on('line', (line) => {
      lines[output].push(line)
      options.onLine?.(line, output)
    })
  }
  const stop = () => child.kill(options.stopSignal ?? 'SIGTERM')
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    options.signal.throwIfAborted()
    return { ...(code === null ? {} : { code }), ...lines }
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}
