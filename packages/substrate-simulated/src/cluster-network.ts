import { type ClusterId, type ClusterNetwork, type NetworkPlan, SubstrateFault, type Zone } from '@evenkeel/substrate'
import type { Refusals } from './refusals.ts'

export interface ClusterNetworkOptions {
  readonly zones: readonly Zone[]
  readonly refusals: Refusals
  readonly note: (change: string) => void
}

/** No name below it ever leads anywhere (RFC 2606). */
const DOMAIN = 'simulated.invalid'
const PORT = 6443

/** Names of a cluster and its zones, made of its id: the same ones for ever, with nothing to remember. Pure. */
export function simulatedNetworkPlan(cluster: ClusterId, zones: readonly Zone[]): NetworkPlan {
  const host = `${cluster}.${DOMAIN}`
  return {
    kind: 'simulated',
    endpoint: { host, bind: host, port: PORT },
    zones: Object.fromEntries(
      zones.map((zone) => [zone, { host: `${zone}.${host}`, advertise: `advertised.${zone}.${host}` }]),
    ),
  }
}

/** Keeps in mind who has claimed. */
export function createClusterNetwork({ zones, refusals, note }: ClusterNetworkOptions): ClusterNetwork {
  const claims = new Set<ClusterId>()
  return {
    async claim(cluster) {
      refusals.check('network.claim')
      if (!claims.has(cluster)) note(`claim network ${cluster}`)
      claims.add(cluster)
      return simulatedNetworkPlan(cluster, zones)
    },
    async release(cluster) {
      refusals.check('network.release')
      if (claims.delete(cluster)) note(`release network ${cluster}`)
    },
    clusters: async () => [...claims],
    async ensure(cluster) {
      if (!claims.has(cluster)) throw new SubstrateFault('NotFound', `${cluster} has no names: claim them first`)
    },
    isPresent: async (cluster) => claims.has(cluster),
    async claimNode(cluster) {
      throw new SubstrateFault('NotFound', `the network of ${cluster} is simulated, so it can have no nodes`)
    },
    async releaseNode() {},
  }
}
