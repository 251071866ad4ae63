import { CLUSTERS, type Cluster } from '@evenkeel/contract/kinds'
import { isUnavailable, KubeClient, systemClock } from '@evenkeel/kernel'
import { execCredential } from '../access/index.ts'
import { followCreation, isSimulated, summarize } from '../cluster/index.ts'
import { type OpenedInstallation, openHome, requireAccessKey } from '../installation/index.ts'
import { runSteps, type Step, type StepReport } from '../terminal/index.ts'

const LOOK_INTERVAL_MS = 100
const DEADLINE_MS = 120_000

/** After a stop: waits until the clusters that were ACTIVE answer, and follows those that are still on their way. */
export async function followClusters(
  opened: OpenedInstallation,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<void> {
  const home = openHome(opened)
  try {
    const { items } = await home.list<Cluster>(CLUSTERS, { signal })
    const steps = items.flatMap((cluster) => stepFor(opened, cluster, home) ?? [])
    await runSteps(steps, { signal })
    if (items.length === 0) print('no clusters: ./evenkeel cluster create NAME')
  } finally {
    home.close()
  }
}

function stepFor(opened: OpenedInstallation, cluster: Cluster, home: KubeClient): Step | undefined {
  const { eksName: name, version } = cluster.spec
  const title = `cluster ${name}`
  const { phase, members = [], endpoint } = cluster.status ?? {}
  if (cluster.metadata.deletionTimestamp !== undefined || phase === 'FAILED') return undefined
  // Nobody is there who could answer.
  if (phase === 'ACTIVE' && isSimulated({ endpoint })) return undefined
  if (phase === 'ACTIVE' || phase === 'UPDATING') {
    return {
      title,
      run: async (report, signal) => {
        const isServing = await waitForEndpoint(opened, cluster, { report, signal })
        return isServing ? `ACTIVE: ${summarize(version, members)}` : 'does not answer yet, ./evenkeel status says why'
      },
    }
  }
  const namespace = cluster.metadata.namespace ?? ''
  return { title, run: (report, signal) => followCreation({ home, namespace, name, report, signal }) }
}

/** Asks the cluster itself, through its endpoint and with a token, as its users do. */
async function waitForEndpoint(
  opened: OpenedInstallation,
  cluster: Cluster,
  { report, signal }: { report: StepReport; signal: AbortSignal },
): Promise<boolean> {
  const { endpoint: server, certificateAuthorityData } = cluster.status ?? {}
  if (server === undefined || certificateAuthorityData === undefined) return false
  const key = await requireAccessKey(opened)
  const deadline = systemClock.now() + DEADLINE_MS
  const { region } = opened.installation
  const ca = Buffer.from(certificateAuthorityData, 'base64').toString('utf8')
  const request = { cluster: cluster.spec.eksName, region, key, nowMs: systemClock.now(), execInfo: undefined }
  const { token } = execCredential(request).status
  const client = new KubeClient({ server, caCertificate: ca, token })
  try {
    for (;;) {
      try {
        await client.request('/readyz', { signal, timeoutMs: 2000 })
        return true
      } catch (error) {
        signal.throwIfAborted()
        // Any answer but "not now" is that of a cluster that serves: this key may have no rights in it.
        if (!isUnavailable(error)) return true
        report.live(`${server} does not answer yet: ${error instanceof Error ? error.message : String(error)}`)
      }
      if (systemClock.now() > deadline) return false
      await systemClock.sleep(LOOK_INTERVAL_MS, signal)
    }
  } finally {
    client.close()
  }
}
