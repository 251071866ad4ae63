import { join } from 'node:path'
import { BaselineCluster } from '../baseline/baseline-cluster.ts'
import { type Bench, type Figure, median, ratio } from '../figure.ts'

const RUNS = 3
const NAME = 'stopped'

/**
 * How long `up` takes to bring a stopped installation back, against the programs of a home and of a cluster, started
 * together by hand over the volumes that an earlier start has left.
 */
export const upFigure: Figure = {
  name: 'up',
  says: 'up of a stopped installation with one cluster, against a home and a cluster started together by hand',
  async run(bench) {
    const installation = await bench.installation()
    await installation.create(NAME)
    await installation.untilActive(NAME, 120_000)
    const byHand = await prepareByHand(bench)
    const baselineMs: number[] = []
    const evenkeelMs: number[] = []
    await installation.evenkeel(['down'])
    for (let run = 1; run <= RUNS; run += 1) {
      baselineMs.push(await startByHand(byHand))
      evenkeelMs.push(await installation.evenkeel(['up']))
      bench.tell(`up ${run}/${RUNS}: by hand ${baselineMs.at(-1)} ms, Evenkeel ${evenkeelMs.at(-1)} ms`)
      if (run < RUNS) await installation.evenkeel(['down'])
    }
    await installation.delete(NAME)
    return [
      {
        name: 'up',
        says: `up of a stopped installation until its cluster answers, against home and cluster by hand (medians of ${RUNS})`,
        value: ratio(median(evenkeelMs), median(baselineMs)),
        unit: 'to one',
        atMost: 1.5,
        detail: { evenkeelMs, baselineMs },
      },
    ]
  },
}

async function prepareByHand(bench: Bench): Promise<readonly BaselineCluster[]> {
  const kinds = [
    { kind: 'home', octet: 252 },
    { kind: 'hosted', octet: 251 },
  ] as const
  const clusters = await Promise.all(
    kinds.map(({ kind, octet }) =>
      BaselineCluster.prepare({
        folder: join(bench.scratch, `up-${kind}`),
        octet,
        kind,
        versions: bench.versions,
        binaryOf: bench.binaryOf,
        signal: bench.signal,
      }),
    ),
  )
  // Their first start makes what the later ones find.
  await startByHand(clusters)
  return clusters
}

async function startByHand(clusters: readonly BaselineCluster[]): Promise<number> {
  try {
    for (const cluster of clusters) cluster.start()
    return Math.max(...(await Promise.all(clusters.map((cluster) => cluster.untilReady()))))
  } finally {
    for (const cluster of clusters) await cluster.stop()
  }
}
