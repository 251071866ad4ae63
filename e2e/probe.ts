import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CLUSTERS, type Cluster } from '@evenkeel/contract/kinds'
import { clusterToken } from '@evenkeel/contract/sigv4'
import { KubeClient } from '@evenkeel/kernel'
import type { Installation } from './installation.ts'

const INTERVAL_MS = 50
/** Long enough that a slow answer of a busy machine is none; an API server that is away is noticed at once. */
const TIMEOUT_MS = 10_000

export interface Probed {
  /** Requests that were answered. */
  readonly answered: number
  /** What went wrong, with the time: of requests that were answered with anything but success, or not at all. */
  readonly errors: readonly string[]
}

/**
 * Asks a cluster for a namespace through its endpoint, as its users do, again and again until `stop` is called: each
 * time over a new connection, and with a new token each second.
 */
export async function probeCluster(evenkeel: Installation, name: string): Promise<{ stop(): Promise<Probed> }> {
  const home = new KubeClient({ kubeconfig: join(evenkeel.home, 'access/admin.kubeconfig') })
  const { items } = await home.list<Cluster>(CLUSTERS)
  home.close()
  const status = items.find(({ spec }) => spec.eksName === name)?.status
  const { endpoint: server, certificateAuthorityData } = status ?? {}
  if (server === undefined || certificateAuthorityData === undefined) throw new Error(`cluster ${name} has no endpoint`)
  const caCertificate = Buffer.from(certificateAuthorityData, 'base64').toString('utf8')
  const { region, credentials } = evenkeel.access()
  const stopped = new AbortController()
  let answered = 0
  const errors: string[] = []
  const running = (async () => {
    while (!stopped.signal.aborted) {
      const token = clusterToken({ clusterName: name, region, credentials, nowMs: Date.now() })
      const client = new KubeClient({ server, caCertificate, token })
      try {
        await client.request('/api/v1/namespaces/default', { timeoutMs: TIMEOUT_MS })
        answered += 1
      } catch (error) {
        errors.push(`${new Date().toISOString()} ${String(error)}`)
      } finally {
        client.close()
      }
      await pause(INTERVAL_MS)
    }
  })()
  return {
    async stop() {
      stopped.abort()
      await running
      return { answered, errors }
    },
  }
}
