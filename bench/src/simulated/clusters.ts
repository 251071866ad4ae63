import type { Agent } from 'node:http'
import { eksAccess, httpGet } from '@evenkeel/cli/installation'
import { signRequest } from '@evenkeel/contract/sigv4'
import type { BenchInstallation } from '../installation.ts'
import { keptConnections, type PreparedRequest, send } from './constant-rate.ts'

const LOOK_INTERVAL_MS = 500
/** Creates that are on their way at once: as many as the home takes without waiting for each. */
const CREATES_AT_ONCE = 16

/** How a run of creates went. */
export interface Creates {
  readonly clusters: number
  /** From the first call to the last answer. */
  readonly acceptedMs: number
  /** From the first call until none is CREATING. */
  readonly activeMs: number
  readonly failed: number
}

/** Simulated clusters of an installation, as its first user makes and sees them: every call is signed. */
export class SimulatedClusters {
  readonly #installation: BenchInstallation
  readonly #signal: AbortSignal

  constructor(installation: BenchInstallation, signal: AbortSignal) {
    this.#installation = installation
    this.#signal = signal
  }

  /** Of the EKS API. */
  async origin(): Promise<string> {
    return (await this.#installation.opened()).serviceUrl
  }

  /** Answers what signs calls of the EKS API; what is signed is good for five minutes. */
  async signer(): Promise<(method: string, path: string, input?: object) => PreparedRequest> {
    const { serviceUrl, region, key } = await eksAccess(await this.#installation.opened())
    const headers = { host: new URL(serviceUrl).host }
    return (method, path, input) => {
      const body = input === undefined ? {} : { body: JSON.stringify(input) }
      const options = { credentials: key, region, service: 'eks', nowMs: Date.now() }
      return {
        method,
        path,
        ...body,
        headers: { ...headers, ...signRequest({ method, url: path, headers, ...body }, options) },
      }
    }
  }

  /** Makes the clusters that are missing up to `total`, and waits until all are ACTIVE or FAILED. */
  async createUpTo(total: number, deadlineMs: number): Promise<Creates> {
    const known = Object.values(await this.#countByStatus()).reduce((sum, count) => sum + count, 0)
    const names = Array.from({ length: Math.max(0, total - known) }, (_, index) => clusterName(known + index))
    const startedMs = performance.now()
    await this.#create(names)
    const acceptedMs = performance.now() - startedMs
    for (;;) {
      this.#signal.throwIfAborted()
      const { ACTIVE: active = 0, FAILED: failed = 0 } = await this.#countByStatus()
      const activeMs = performance.now() - startedMs
      if (active + failed >= total) return { clusters: names.length, acceptedMs, activeMs, failed }
      if (activeMs > deadlineMs) {
        throw new Error(`${active} of ${total} clusters were ACTIVE and ${failed} FAILED after ${deadlineMs} ms`)
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
    }
  }

  async #create(names: readonly string[]): Promise<void> {
    const agent = keptConnections(CREATES_AT_ONCE)
    const open = names.values()
    try {
      await Promise.all(Array.from({ length: CREATES_AT_ONCE }, () => this.#createEach(open, agent)))
    } finally {
      agent.destroy()
    }
  }

  async #createEach(names: Iterable<string>, agent: Agent): Promise<void> {
    const { accountId } = (await this.#installation.opened()).installation
    const [origin, sign] = [await this.origin(), await this.signer()]
    const roleArn = `arn:aws:iam::${accountId}:role/bench`
    for (const name of names) {
      this.#signal.throwIfAborted()
      const call = sign('POST', '/clusters', { name, roleArn, resourcesVpcConfig: {} })
      const { status, body } = await send(origin, agent, call)
      if (status !== 200) throw new Error(`create of ${name} was answered with ${status}: ${body}`)
    }
  }

  /** As the service counts them. */
  async #countByStatus(): Promise<Readonly<Record<string, number>>> {
    const { body } = await httpGet(`${await this.origin()}/metrics`)
    const lines = body.matchAll(/^evenkeel_eks_clusters_items\{status="(\w+)"\} (\d+)$/gm)
    return Object.fromEntries([...lines].map(([, status = '', count]) => [status, Number(count)]))
  }
}

/** Such as `c-0042`: in the order of ListClusters. */
export function clusterName(index: number): string {
  return `c-${String(index).padStart(4, '0')}`
}
