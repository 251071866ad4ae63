import { join } from 'node:path'
import { BaselineCluster } from '../baseline/baseline-cluster.ts'
import { type Bench, type Figure, type Measurement, median, ratio } from '../figure.ts'
import type { BenchInstallation } from '../installation.ts'
import { ask, askUntil } from '../requests.ts'

const RUNS = 3
const DEADLINE_MS = 120_000

/** Milliseconds since the first program was started by hand, or since CreateCluster was sent. */
interface CreateTimes {
  readonly firstWriteMs: number
  /** The default service account of the first namespace is there; of Evenkeel, and DescribeCluster says ACTIVE. */
  readonly readyToUseMs: number
}

/** How long a create takes through the EKS API, against the same programs started by hand. */
export const createFigure: Figure = {
  name: 'create',
  says: 'CreateCluster until it is ACTIVE and a first namespace has its service account, against programs started by hand',
  async run(bench) {
    const installation = await bench.installation()
    const baseline: CreateTimes[] = []
    const evenkeel: CreateTimes[] = []
    for (let run = 1; run <= RUNS; run += 1) {
      baseline.push(await startByHand(bench, run))
      bench.tell(`create ${run}/${RUNS}: by hand ${say(baseline)}`)
      evenkeel.push(await createByEvenkeel(installation, `create-${run}`))
      bench.tell(`create ${run}/${RUNS}: Evenkeel ${say(evenkeel)}`)
    }
    return [
      compare('create', { pick: 'readyToUseMs', says: 'create to ACTIVE and first service account' }),
      compare('first-write', { pick: 'firstWriteMs', says: 'create to the first write that is answered' }),
    ]

    function compare(name: string, { pick, says }: { pick: keyof CreateTimes; says: string }): Measurement {
      const [ours, theirs] = [evenkeel, baseline].map((runs) => runs.map((run) => run[pick]))
      return {
        name,
        says: `${says}, against programs started by hand (medians of ${RUNS})`,
        value: ratio(median(ours ?? []), median(theirs ?? [])),
        unit: 'to one',
        atMost: 1.3,
        detail: { evenkeelMs: ours, baselineMs: theirs },
      }
    }
  },
}

function say(runs: readonly CreateTimes[]): string {
  const last = runs.at(-1)
  return `${last?.firstWriteMs} ms to the first write, ${last?.readyToUseMs} ms to the first service account`
}

async function startByHand(bench: Bench, run: number): Promise<CreateTimes> {
  const cluster = await BaselineCluster.prepare({
    folder: join(bench.scratch, `create-${run}`),
    octet: 251,
    versions: bench.versions,
    binaryOf: bench.binaryOf,
    signal: bench.signal,
  })
  try {
    cluster.start()
    const firstWriteMs = await cluster.untilFirstWrite('first')
    return { firstWriteMs, readyToUseMs: await cluster.untilServiceAccount('first') }
  } finally {
    await cluster.stop()
  }
}

async function createByEvenkeel(installation: BenchInstallation, name: string): Promise<CreateTimes> {
  const before = new Set(await installation.clusterIds())
  const startedMs = performance.now()
  const sinceStart = () => Math.round(performance.now() - startedMs)
  await installation.create(name)
  const [firstWriteMs] = await Promise.all([
    firstWrite(installation, name, before).then(sinceStart),
    installation.untilActive(name, DEADLINE_MS),
  ])
  const id = await newId(installation, before)
  await askUntil(
    // A connection and a token of their own, as a user's would be.
    async () => await ask(await installation.addressOf(name, id), '/api/v1/namespaces/first/serviceaccounts/default'),
    { status: [200], deadlineMs: DEADLINE_MS, what: 'the default service account of namespace first' },
  )
  const readyToUseMs = sinceStart()
  await installation.delete(name)
  return { firstWriteMs, readyToUseMs }
}

async function firstWrite(installation: BenchInstallation, name: string, before: ReadonlySet<string>): Promise<void> {
  const address = await installation.addressOf(name, await newId(installation, before))
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'first' } }
  await askUntil(() => ask(address, '/api/v1/namespaces', { body }), {
    status: [201, 409],
    deadlineMs: DEADLINE_MS,
    what: `the first write to ${name}`,
  })
}

async function newId(installation: BenchInstallation, before: ReadonlySet<string>): Promise<string> {
  for (const startedMs = performance.now(); performance.now() - startedMs < DEADLINE_MS; ) {
    const id = (await installation.clusterIds()).find((each) => !before.has(each))
    if (id !== undefined) return id
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`no keeper took the cluster over in ${DEADLINE_MS} ms`)
}
