import type { Bench, Measurement } from '../figure.ts'
import { clusterName, type SimulatedClusters } from './clusters.ts'
import { keptConnections, type PreparedRequest, send, sendAtConstantRate } from './constant-rate.ts'

const CLUSTERS = 200
const PER_SECOND = 200
const SECONDS = 20
const WARM_UP_SECONDS = 3
const CREATE_DEADLINE_MS = 4 * 60_000

/**
 * Describe and List over 200 simulated clusters at 200 requests a second, half of each, as clients of EKS send them: each
 * is signed for itself, beforehand, and every signature is verified.
 */
export async function runSimulatedReads(
  clusters: SimulatedClusters,
  { tell, signal }: Pick<Bench, 'tell' | 'signal'>,
): Promise<readonly Measurement[]> {
  tell(`${CLUSTERS} simulated clusters are created`)
  const creates = await clusters.createUpTo(CLUSTERS, CREATE_DEADLINE_MS)
  const [origin, sign] = [await clusters.origin(), await clusters.signer()]
  const pages = await listPaths(clusters)
  const prepare = (seconds: number): readonly PreparedRequest[] =>
    Array.from({ length: seconds * PER_SECOND }, (_, index) => {
      const number = Math.floor(index / 2)
      const path = index % 2 === 0 ? `/clusters/${clusterName(number % CLUSTERS)}` : pages[number % pages.length]
      return sign('GET', path ?? '/clusters')
    })
  await sendAtConstantRate(origin, prepare(WARM_UP_SECONDS), { perSecond: PER_SECOND, signal })
  tell(`${PER_SECOND} requests a second for ${SECONDS} s`)
  const result = await sendAtConstantRate(origin, prepare(SECONDS), { perSecond: PER_SECOND, signal })
  const errors = Object.values(result.errors).reduce((sum, count) => sum + count, 0)
  const says = `Describe and List at ${PER_SECOND} requests a second over ${CLUSTERS} simulated clusters`
  const detail = { ...result, seconds: SECONDS, creates }
  return [
    { name: 'simulated-reads-p99', says: `${says}: p99`, value: result.p99Ms, unit: 'ms', atMost: 20, detail },
    { name: 'simulated-reads-errors', says: `${says}: errors`, value: errors, unit: 'errors', atMost: 0, detail: {} },
  ]
}

/** Path of every page of ListClusters. */
async function listPaths(clusters: SimulatedClusters): Promise<readonly string[]> {
  const [origin, sign] = [await clusters.origin(), await clusters.signer()]
  const agent = keptConnections(1)
  const paths: string[] = []
  try {
    for (let next: string | undefined = '/clusters'; next !== undefined; ) {
      paths.push(next)
      const { body } = await send(origin, agent, sign('GET', next))
      const { nextToken } = JSON.parse(body) as { nextToken?: string }
      next = nextToken === undefined ? undefined : `/clusters?nextToken=${encodeURIComponent(nextToken)}`
    }
  } finally {
    agent.destroy()
  }
  return paths
}
