import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { defaultRelease, ensurePrograms, programPath } from '@evenkeel/distribution'
import type { Bench, Figure } from './figure.ts'
import { FIGURES } from './figures/index.ts'
import { BenchInstallation } from './installation.ts'
import { describeMachine, observeLoad } from './machine.ts'
import { type FigureOutcome, isKept, type Results, renderTable, writeResults } from './report.ts'

const USAGE = `make bench ARGS="[figure]... [--output json] [--force]"

Measures Evenkeel against programs that are started by hand, and writes what came out to bench/results/.
Without a figure, all of them:
${FIGURES.map(({ name, says }) => `  ${name.padEnd(18)} ${says}`).join('\n')}

  -o, --output json  the results on standard output, for programs
  --force            on a busy machine, too: the figures say little then
`

/** A machine that is busier than this measures itself. */
const BUSY_PERCENT = 20
const SOURCE_ROOT = dirname(dirname(import.meta.dirname))

const tell = (line: string) => void process.stderr.write(`${line}\n`)

class UsageError extends Error {}

function chosenFigures(names: readonly string[]): readonly Figure[] {
  const unknown = names.filter((name) => !FIGURES.some((figure) => figure.name === name))
  if (unknown.length > 0) {
    throw new UsageError(`no figure ${unknown.join(', ')}: there are ${FIGURES.map(({ name }) => name).join(', ')}`)
  }
  return names.length === 0 ? FIGURES : FIGURES.filter(({ name }) => names.includes(name))
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o', default: 'text' },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

async function revision(): Promise<string> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args, { cwd: SOURCE_ROOT })).stdout.trim()
  const isChanged = (await git('status', '--porcelain', '--untracked-files=no')) !== ''
  return `${(await git('rev-parse', '--short=12', 'HEAD')) || 'unknown'}${isChanged ? '+' : ''}`
}

/** Measures one figure after the other, on one installation, and removes all that was made for it. */
async function measure(figures: readonly Figure[], signal: AbortSignal): Promise<readonly FigureOutcome[]> {
  const { kubernetes, etcd } = defaultRelease()
  const scratch = mkdtempSync(join(tmpdir(), 'evenkeel-bench-scratch-'))
  let installation: BenchInstallation | undefined
  const bench: Bench = {
    scratch,
    signal,
    versions: { kubernetes: kubernetes.version, etcd: etcd.version },
    binaryOf: (program) => programPath(program),
    tell,
    async installation() {
      if (installation === undefined) {
        installation = new BenchInstallation(signal)
        tell('an installation without a cluster is brought up')
        await installation.evenkeel(['up', '--no-demo'])
      }
      return installation
    },
  }
  const outcomes: FigureOutcome[] = []
  try {
    for (const figure of figures) {
      if (signal.aborted) break
      const loadBefore = await observeLoad(2)
      const startedMs = performance.now()
      const seconds = () => Math.round((performance.now() - startedMs) / 1000)
      tell(`${figure.name}: ${figure.says}`)
      try {
        const measurements = await figure.run(bench)
        outcomes.push({ figure: figure.name, seconds: seconds(), loadBefore, measurements })
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        tell(`${figure.name} could not be measured: ${message}`)
        outcomes.push({ figure: figure.name, seconds: seconds(), loadBefore, measurements: [], error: message })
      }
    }
  } finally {
    await installation?.destroy()
    rmSync(scratch, { recursive: true, force: true })
  }
  return outcomes
}

/** Exit status: 0 when every bound is kept, 1 when one is not or could not be measured, 2 for wrong usage. */
async function main(): Promise<number> {
  const { values, positionals } = readArguments()
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (values.output !== 'text' && values.output !== 'json') throw new UsageError('--output is text or json')
  const figures = chosenFigures(positionals)
  const load = await observeLoad(3)
  if (load.busyPercent > BUSY_PERCENT && !values.force) {
    tell(
      `bench: the machine is ${load.busyPercent} % busy with something else, figures would say little: wait, or --force`,
    )
    return 1
  }
  const { kubernetes, etcd } = defaultRelease()
  const versions = { kubernetes: kubernetes.version, etcd: etcd.version }
  tell(`Kubernetes ${versions.kubernetes} and etcd ${versions.etcd}, from the store or built into it first`)
  await ensurePrograms({ kubernetes: [versions.kubernetes], etcd: [versions.etcd] })

  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupt.abort(new Error('interrupted')))
  }
  const at = new Date().toISOString()
  const outcomes = await measure(figures, interrupt.signal)
  const results: Results = {
    at,
    revision: await revision(),
    versions,
    machine: describeMachine(),
    figures: outcomes,
  }
  if (interrupt.signal.aborted) return 130
  const file = writeResults(join(SOURCE_ROOT, 'bench', 'results'), results)
  process.stdout.write(values.output === 'json' ? `${JSON.stringify(results, undefined, 2)}\n` : renderTable(results))
  tell(`written to bench/results/${file}`)
  return outcomes.every(({ error, measurements }) => error === undefined && measurements.every(isKept)) ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench: ${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
