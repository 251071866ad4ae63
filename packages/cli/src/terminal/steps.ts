import { performance } from 'node:perf_hooks'
import { Listr } from 'listr2'
import { formatDuration } from './format.ts'

/** How a step tells of itself while it runs. */
export interface StepReport {
  /** The state of things now, one or several lines, written over the last ones. Shown on terminals alone. */
  live(text: string): void
  /** Something that `live` shows anyway: a line of its own where there is no terminal. */
  event(line: string): void
  /** Something that happened, worth a line of its own wherever the output goes. */
  note(line: string): void
}

export interface Step {
  readonly title: string
  /** Resolves with what to say of it when it is done, such as `from the store`; nothing when the title says it all. */
  run(report: StepReport, signal: AbortSignal): Promise<string | undefined>
}

export interface StepsOptions {
  readonly signal: AbortSignal
  readonly output?: NodeJS.WriteStream
}

function closingLine(title: string, said: string | undefined, startedMs: number): string {
  return `${title}${said === undefined ? '' : `: ${said}`} (${formatDuration(performance.now() - startedMs)})`
}

/** One step after the other; the first that fails ends it. With live progress on a terminal, else in plain lines. */
export async function runSteps(steps: readonly Step[], options: StepsOptions): Promise<void> {
  const output = options.output ?? process.stdout
  if (output.isTTY && process.env['TERM'] !== 'dumb') await runOnTerminal(steps, options.signal)
  else await runInLines(steps, options.signal, (line) => output.write(`${line}\n`))
}

/** As in a log: a line when a step is done, and its notes as they come. */
export async function runInLines(
  steps: readonly Step[],
  signal: AbortSignal,
  write: (line: string) => void,
): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted()
    const started = performance.now()
    const tell = (line: string) => write(`  ${line}`)
    const said = await step.run({ live: () => {}, event: tell, note: tell }, signal)
    write(closingLine(step.title, said, started))
  }
}

async function runOnTerminal(steps: readonly Step[], signal: AbortSignal): Promise<void> {
  const tasks = new Listr(
    steps.map((step) => ({
      title: step.title,
      task: async (_context: unknown, task: { title: string; output: string }) => {
        signal.throwIfAborted()
        const started = performance.now()
        const notes: string[] = []
        const said = await step.run(
          {
            live: (text) => {
              task.output = [...notes, text].join('\n')
            },
            event: () => {},
            note: (line) => {
              notes.push(line)
              task.output = notes.join('\n')
            },
          },
          signal,
        )
        task.title = [closingLine(step.title, said, started), ...notes.map((line) => `  ${line}`)].join('\n')
      },
    })),
    {
      // Ctrl-C is ours: it ends waits at a point from which the next `up` goes on.
      registerSignalListeners: false,
      rendererOptions: { collapseErrors: false, showErrorMessage: false, formatOutput: 'truncate', lazy: false },
    },
  )
  await tasks.run()
}
