import type { Clock } from '@evenkeel/kernel'
import type { ClusterId, Endpoint } from '@evenkeel/substrate'
import type { Prober, ProbeTarget } from './ports.ts'
import type { Probes } from './snapshot.ts'

/** Controllers need so long after the first ready API server to make the first service account. */
const FIRST_SERVICE_ACCOUNT_MS = 1500

export interface SimulatedProberOptions {
  readonly clock: Clock
  /** Where the programs are simulated, and with them whether they would answer. */
  readonly substrate: {
    readonly instances: { isReady(cluster: ClusterId, name: string): boolean }
    readonly endpoint: Pick<Endpoint, 'observe'>
  }
}

/**
 * Answers for programs that are only simulated, as the real ones would: an API server needs the quorum of etcd, a client
 * an API server and a balancer, the first service account the controllers. Asks nobody.
 */
export class SimulatedProber implements Prober {
  readonly #options: SimulatedProberOptions
  readonly #servesSinceMs = new Map<ClusterId, number>()
  /** Whether authenticators know their clusters. */
  tokensWork = true

  constructor(options: SimulatedProberOptions) {
    this.#options = options
  }

  async probe({ id, kind, members }: ProbeTarget): Promise<Probes> {
    const { clock, substrate } = this.#options
    const isReady = ({ name }: { readonly name: string }) => substrate.instances.isReady(id, name)
    const etcds = members.filter((member) => member.component === 'etcd')
    const hasQuorum = etcds.filter(isReady).length > etcds.length / 2
    const answers = members.map((member) => ({
      ...member,
      ready: isReady(member) && (member.component === 'etcd' || hasQuorum),
    }))
    const { balancers } = await substrate.endpoint.observe(id)
    const isReached = kind === 'home' || balancers.some(({ state }) => state !== 'starting')
    const serves = isReached && answers.some(({ component, ready }) => component === 'kube-apiserver' && ready)
    if (serves && !this.#servesSinceMs.has(id)) {
      this.#servesSinceMs.set(id, clock.now())
    }
    const sinceMs = this.#servesSinceMs.get(id) ?? Number.POSITIVE_INFINITY
    return {
      members: Object.fromEntries(answers.map(({ name, ready }) => [name, { ready }])),
      endpoint: { ready: serves },
      defaultServiceAccount: serves && clock.now() - sinceMs >= FIRST_SERVICE_ACCOUNT_MS,
      token: { ready: serves && this.tokensWork },
      objects: true,
    }
  }

  forget(id: ClusterId): void {
    this.#servesSinceMs.delete(id)
  }
}
