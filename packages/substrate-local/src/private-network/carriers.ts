import type { ClusterId, Place } from '@evenkeel/substrate'
import { readClaims } from '../claims.ts'
import type { Installation, LocalPaths } from '../installation/index.ts'
import { type PrivateNetwork, privateNetwork } from './addresses.ts'
import { ensureScript } from './scripts.ts'

/** What the start of a program needs that stands in a private network, or whose address the host has of one. */
export interface Carrier {
  /** Name of the namespace that it runs in; the endpoint stays in the host's. */
  readonly namespace?: string
  /** Words of a shell command that writes something where the program's addresses are there. */
  readonly sign: string
  /** Makes the network, or what is missing of it. */
  readonly script: string
  /** Held while any network of the installation is changed. */
  readonly lock: string
}

export type CarrierOf = (cluster: ClusterId, place: Place) => Promise<Carrier | undefined>

/** The claims that say of a cluster that it has a private network, and which slot is its. */
export const privateClaim = (cluster: ClusterId) => `private-${cluster}`

/** The private network of a cluster that has claimed one. */
export async function claimedPrivateNetwork(
  folder: string,
  installation: Pick<Installation, 'octet' | 'zones'>,
  cluster: ClusterId,
): Promise<PrivateNetwork | undefined> {
  const claims = (await readClaims(folder)).filter(({ owner }) => owner === cluster)
  if (!claims.some(({ name }) => name === privateClaim(cluster))) return undefined
  const slots = claims.flatMap(({ name }) => /^slot-(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  return slots.length === 0 ? undefined : privateNetwork(installation.octet, Math.min(...slots), installation.zones)
}

export function createCarriers(paths: LocalPaths, installation: Installation): CarrierOf {
  return async (cluster, place) => {
    const network = await claimedPrivateNetwork(paths.network, installation, cluster)
    return network === undefined ? undefined : carrierOf(network, { place, lock: paths.networkLock })
  }
}

/** Pure. */
export function carrierOf(network: PrivateNetwork, { place, lock }: { place: Place; lock: string }): Carrier {
  const common = { script: ensureScript(network), lock }
  const zone = network.zones.find((each) => each.zone === place)
  return zone === undefined
    ? { ...common, sign: `ip -4 route show ${network.cidr}` }
    : { ...common, namespace: zone.namespace, sign: `ip -n ${zone.namespace} -4 route show default` }
}
