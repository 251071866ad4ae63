import { join } from 'node:path'
import { BaselineCluster } from '../baseline/baseline-cluster.ts'
import { cpuSeconds, pssKib } from '../baseline/programs.ts'
import { withUpstreamSettings } from '../baseline/upstream-settings.ts'
import { type Bench, type Figure, type Measurement, median, ratio } from '../figure.ts'
import type { BenchInstallation, OwnedProcess } from '../installation.ts'
import { type LoadResult, prepareLoad, runLoad } from '../load.ts'
import type { Address } from '../requests.ts'

const SETTLE_SECONDS = 30
const LOAD_SECONDS = 20
const LOADS = 3
const REQUESTS_PER_SECOND = 100
const NAME = 'memory'

interface LoadRun extends LoadResult {
  /** Processor time of everything that the cluster consists of, while it was asked. */
  readonly cpuSeconds: number
}

/**
 * What a hosted cluster costs when nothing happens, and what Evenkeel costs beside it. The baseline is the same programs,
 * by hand, with upstream's own settings where we have chosen others to save memory. It is measured beside the same
 * installation, without a cluster in it, so that both share the pages of the programs' text with as many others.
 */
export const memoryFigure: Figure = {
  name: 'memory',
  says: "memory of one idle hosted cluster, and its p99 and processor time under load, against upstream's settings",
  async run(bench) {
    const installation = await bench.installation()
    const baseline = await BaselineCluster.prepare({
      folder: join(bench.scratch, 'memory'),
      octet: 251,
      versions: bench.versions,
      binaryOf: bench.binaryOf,
      adjust: withUpstreamSettings,
      signal: bench.signal,
    })
    try {
      await startBaseline(baseline)
      const baselineMib = await settledMib(bench, 'by hand', () => baseline.programs)
      await prepareLoad(baseline.endpoint)
      await baseline.stop()

      const [id, address] = await startHosted(installation)
      const ofCluster = () => installation.processes().filter(({ cluster }) => cluster === id)
      const clusterMib = await settledMib(bench, 'Evenkeel', ofCluster)
      const beside = installation.processes().filter(({ cluster }) => cluster !== id)
      const besideMib = memoryByName(beside, nameBeside)
      await prepareLoad(address)

      await startBaseline(baseline)
      const runs = await loadInTurn(bench, {
        baseline: { address: baseline.endpoint, pids: () => baseline.programs },
        evenkeel: { address, pids: ofCluster },
      })
      await baseline.stop()
      await installation.delete(NAME)
      return [
        {
          name: 'memory',
          says: "PSS of one idle hosted cluster, supervision included, against the same programs with upstream's settings",
          value: ratio(sum(clusterMib), sum(baselineMib)),
          unit: 'to one',
          atMost: 0.8,
          detail: { evenkeelMib: clusterMib, baselineMib },
        },
        ...compareLoads(runs),
        {
          name: 'beside',
          says: 'PSS of everything else of the installation: service, home, keepers, authenticators, supervision',
          // Megabytes of a million bytes.
          value: Math.round(sum(besideMib) * 1.048576),
          unit: 'MB',
          atMost: 600,
          detail: { mib: besideMib },
        },
      ]
    } finally {
      await baseline.stop()
    }
  },
}

async function startBaseline(baseline: BaselineCluster): Promise<void> {
  baseline.start()
  await baseline.untilReady()
  await baseline.untilAllMembers()
}

async function startHosted(installation: BenchInstallation): Promise<[id: string, address: Address]> {
  const before = new Set(await installation.clusterIds())
  await installation.create(NAME)
  await installation.untilActive(NAME, 120_000)
  const id = (await installation.clusterIds()).find((each) => !before.has(each))
  if (id === undefined) throw new Error(`no record of ${NAME}, which is ACTIVE`)
  return [id, await installation.addressOf(NAME, id)]
}

async function settledMib(
  bench: Bench,
  what: string,
  pids: () => readonly NamedPid[],
): Promise<Record<string, number>> {
  bench.tell(`memory: ${what}, left alone for ${SETTLE_SECONDS} s`)
  for (let second = 0; second < SETTLE_SECONDS; second += 1) {
    bench.signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  const found = memoryByName(pids(), ({ instance, name, command }) =>
    command?.startsWith('s6-') === true ? 'supervision' : (instance ?? name ?? ''),
  )
  bench.tell(`memory: ${what} ${Math.round(sum(found))} MiB`)
  return found
}

/** A process of either side. */
type NamedPid = { readonly pid: number } & Partial<Pick<OwnedProcess, 'instance' | 'command'>> & {
    readonly name?: string
  }

function nameBeside({ cluster = '', instance = '', command = '' }: Partial<OwnedProcess>): string {
  return command.startsWith('s6-') || command === 'sh' ? 'supervision' : `${cluster}/${instance}`
}

/** Summed by name, in MiB. */
function memoryByName<Process extends { readonly pid: number }>(
  processes: readonly Process[],
  nameOf: (process: Process) => string,
): Record<string, number> {
  const byName: Record<string, number> = {}
  for (const process of processes) {
    const name = nameOf(process)
    byName[name] = Math.round(((byName[name] ?? 0) + pssKib(process.pid) / 1024) * 10) / 10
  }
  return byName
}

function sum(byName: Readonly<Record<string, number>>): number {
  return Object.values(byName).reduce((total, each) => total + each, 0)
}

interface Side {
  readonly address: Address
  readonly pids: () => readonly { readonly pid: number }[]
}

/** Both sides are there all the time; they are asked in turn, so that what the machine does besides hits both. */
async function loadInTurn<Name extends string>(
  bench: Bench,
  sides: Readonly<Record<Name, Side>>,
): Promise<Record<Name, LoadRun[]>> {
  const names = Object.keys(sides) as Name[]
  const runs = Object.fromEntries(names.map((name) => [name, [] as LoadRun[]])) as Record<Name, LoadRun[]>
  const options = { requestsPerSecond: REQUESTS_PER_SECOND, signal: bench.signal }
  for (const name of names) await runLoad(sides[name].address, { ...options, seconds: 5 })
  for (let turn = 0; turn < LOADS; turn += 1) {
    for (const name of names) {
      const { address, pids } = sides[name]
      const used = () => pids().reduce((total, { pid }) => total + cpuSeconds(pid), 0)
      const before = used()
      const load = await runLoad(address, { ...options, seconds: LOAD_SECONDS })
      const run = { ...load, cpuSeconds: Math.round((used() - before) * 100) / 100 }
      bench.tell(`memory: ${name} p50 ${run.p50Ms} ms, p99 ${run.p99Ms} ms, ${run.cpuSeconds} s of processor time`)
      runs[name].push(run)
    }
  }
  return runs
}

function compareLoads(runs: { readonly baseline: LoadRun[]; readonly evenkeel: LoadRun[] }): Measurement[] {
  const compare = (pick: 'p99Ms' | 'cpuSeconds') =>
    ratio(median(runs.evenkeel.map((run) => run[pick])), median(runs.baseline.map((run) => run[pick])))
  const errors = [...runs.evenkeel, ...runs.baseline].flatMap((run) => Object.entries(run.errors))
  if (errors.length > 0) throw new Error(`under load there were errors: ${JSON.stringify(runs)}`)
  const against = `at ${REQUESTS_PER_SECOND} requests a second, against upstream's settings`
  return [
    {
      name: 'load-p99',
      says: `p99 of answers ${against} (medians of ${LOADS})`,
      value: compare('p99Ms'),
      unit: 'to one',
      atMost: 1.1,
      detail: runs,
    },
    {
      name: 'load-cpu',
      says: `processor time of the whole cluster ${against} (medians of ${LOADS})`,
      value: compare('cpuSeconds'),
      unit: 'to one',
      atMost: 1.1,
      detail: {},
    },
  ]
}
