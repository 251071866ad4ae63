import { setTimeout as pause } from 'node:timers/promises'
import { openHome } from '@evenkeel/cli/installation'
import { cpuSeconds } from '../baseline/programs.ts'
import type { Bench, Measurement } from '../figure.ts'
import type { BenchInstallation } from '../installation.ts'
import type { SimulatedClusters } from './clusters.ts'

const CLUSTERS = 1000
const SECONDS = 60
/** After the last one is ACTIVE: what has still to be said about it is said. */
const REST_SECONDS = 15
/** As long as a create may take. */
const CREATE_DEADLINE_MS = 15 * 60_000

const WRITES = ['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION']
/** Leases are apart; what is only asked in the form of an object (may somebody do this?) is stored nowhere. */
const NOT_WRITTEN = ['leases', 'subjectaccessreviews', 'selfsubjectaccessreviews', 'selfsubjectreviews', 'tokenreviews']

/** What 1,000 clusters that want nothing write to the home, by its own count; and how long their creates took. */
export async function runSimulatedSettled(
  clusters: SimulatedClusters,
  { tell, signal, installation }: Pick<Bench, 'tell' | 'signal'> & { readonly installation: BenchInstallation },
): Promise<readonly Measurement[]> {
  tell(`${CLUSTERS} simulated clusters are created`)
  const creates = await clusters.createUpTo(CLUSTERS, CREATE_DEADLINE_MS)
  tell(`none is CREATING after ${Math.round(creates.activeMs / 1000)} s; they are left alone for ${SECONDS} s`)
  await pause(REST_SECONDS * 1000, undefined, { signal })
  const before = await look(installation)
  await pause(SECONDS * 1000, undefined, { signal })
  const after = await look(installation)
  const seconds = (after.atMs - before.atMs) / 1000
  const written = difference(after.writes, before.writes)
  const total = Object.values(written).reduce((sum, count) => sum + count, 0)
  const cpuPercent = Object.entries(difference(after.cpuSeconds, before.cpuSeconds)).map(
    ([name, used]) => [name, Math.round((used / seconds) * 100)] as const,
  )
  const detail = { seconds: Math.round(seconds), written, cpuPercent: Object.fromEntries(cpuPercent), creates }
  return [
    {
      name: 'simulated-settled-writes',
      says: `writes to the home by ${CLUSTERS} settled simulated clusters, leases apart`,
      value: Math.round((total / seconds) * 100) / 100,
      unit: 'writes a second',
      atMost: 1,
      detail,
    },
    {
      name: 'simulated-creates-failed',
      says: `creates that FAILED, of those up to ${CLUSTERS} simulated clusters`,
      value: creates.failed,
      unit: 'errors',
      atMost: 0,
      detail: {},
    },
  ]
}

/** What has been written so far, and the processor time that our own programs and the home have used. */
async function look(installation: BenchInstallation) {
  const home = openHome(await installation.opened())
  try {
    const writes = writesOf(String(await home.request('/metrics')))
    const own = installation.processes().filter(({ cluster }) => cluster === 'evenkeel' || cluster === 'home')
    const used: Record<string, number> = {}
    for (const { instance, pid } of own) used[instance] = (used[instance] ?? 0) + cpuSeconds(pid)
    return { atMs: performance.now(), writes, cpuSeconds: used }
  } finally {
    home.close()
  }
}

/** Writes since the API server started, by verb and resource. */
function writesOf(metrics: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [, labels = '', count] of metrics.matchAll(/^apiserver_request_total\{([^}]*)\} (\S+)$/gm)) {
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? ''
    const [verb, resource] = [label('verb'), label('resource')]
    // What was refused wrote nothing.
    if (!WRITES.includes(verb) || NOT_WRITTEN.includes(resource) || !label('code').startsWith('2')) continue
    const key = [verb, resource, label('subresource')].filter((part) => part !== '').join(' ')
    counts[key] = (counts[key] ?? 0) + Number(count)
  }
  if (Object.keys(counts).length === 0) {
    throw new Error('the home counts no write at all, though there are clusters: its metrics are not what they were')
  }
  return counts
}

/** What has grown, and by how much. */
function difference(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const grown = Object.entries(after).map(([name, value]): [string, number] => [name, value - (before[name] ?? 0)])
  return Object.fromEntries(grown.filter(([, value]) => value > 0))
}
