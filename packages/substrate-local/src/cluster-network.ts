import { syncFolder } from '@evenkeel/kernel'
import {
  type ClusterId,
  type ClusterNetwork,
  type NetworkPlan,
  type NodeAddress,
  SubstrateFault,
} from '@evenkeel/substrate'
import { type Claim, dropClaim, makeClaim, readClaims } from './claims.ts'
import { withDiskFaults } from './disk-faults.ts'
import {
  type Claimant,
  claimEndpointPort,
  type Installation,
  isLoopback,
  type LocalPaths,
  OWN_CLUSTER,
  octetAddress,
  portClaim,
  releaseClaims,
} from './installation/index.ts'
import {
  API_PORT,
  claimedPrivateNetwork,
  ensureNetwork,
  isAnythingLeft,
  isNetworkPresent,
  MOST_NODES,
  POD_CIDR,
  type PrivateNetwork,
  parseRoutes,
  privateClaim,
  privateNetwork,
  privateNode,
  RELAY_PORT,
  type Route,
  readRoutes,
  removeNetwork,
  whyNoPrivateNetworks,
} from './private-network/index.ts'

/** Of the home and of our own programs; the home's addresses are known before anything is claimed. */
const HOME_CLUSTER = 'home'
const OWN_SLOT = 1
const FIRST_SLOT = 2
const LAST_SLOT = 254
const ENDPOINT_PORT = 6443

/** Addresses in 198.18.0.0/15 per installation, and per zone of it; see `advertisedAddress`. */
const ADVERTISED_PER_OCTET = 512
const ADVERTISED_PER_ZONE = 170

export interface ClusterNetworkOptions {
  /** Why the machine cannot have private networks; tried unless given. For tests. */
  readonly whyNotPrivate?: () => Promise<string | undefined>
}

/**
 * A slot of addresses for each cluster. New clusters get a private network where the machine lets it, else loopback; which
 * one is claimed with the slot, and for life. Clusters of earlier versions have loopback.
 */
export function createClusterNetwork(
  paths: LocalPaths,
  installation: Installation,
  claimant: Claimant,
  { whyNotPrivate = whyNoPrivateNetworks }: ClusterNetworkOptions = {},
): ClusterNetwork {
  const folder = paths.network
  /** What has worked once is not tried again by this process. */
  let canBePrivate = false
  let last: Promise<unknown> = Promise.resolve()

  /** One at a time: two claims for one cluster at once would take two slots. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }

  async function claimSlot(cluster: ClusterId): Promise<number> {
    if (isOwn(cluster)) return OWN_SLOT
    const claims = await readClaims(folder)
    const slots = slotsOf(claims, cluster)
    if (slots.length > 0) return slots[0]!
    const isPrivate = await chooseKind(cluster, claims)
    const routes = isPrivate ? parseRoutes(await readRoutes()) : []
    const taken = new Set(claims.map(({ name }) => name))
    for (let slot = FIRST_SLOT; slot <= LAST_SLOT; slot += 1) {
      if (taken.has(slotClaim(slot))) continue
      if (isPrivate && !(await isFree(networkOf(slot), routes))) continue
      if ((await makeClaim(folder, { name: slotClaim(slot), owner: cluster })) === cluster) return slot
    }
    throw new SubstrateFault(
      'NoCapacity',
      `all ${LAST_SLOT - FIRST_SLOT + 1} addresses for clusters of this installation are taken: delete a cluster, or use another EVENKEEL_HOME`,
    )
  }

  /** On record before the slot is: a slot without it is one of loopback. */
  async function chooseKind(cluster: ClusterId, claims: readonly Claim[]): Promise<boolean> {
    if (claims.some(({ name }) => name === privateClaim(cluster))) return true
    canBePrivate ||= (await whyNotPrivate()) === undefined
    if (canBePrivate) await makeClaim(folder, { name: privateClaim(cluster), owner: cluster })
    return canBePrivate
  }

  function networkOf(slot: number): PrivateNetwork {
    return privateNetwork(installation.octet, slot, installation.zones)
  }

  async function privateOf(cluster: ClusterId): Promise<PrivateNetwork | undefined> {
    return isOwn(cluster) ? undefined : await claimedPrivateNetwork(folder, installation, cluster)
  }

  async function claimPort(cluster: ClusterId): Promise<number> {
    const claims = (await readClaims(folder)).filter(({ name }) => portOf(name) !== undefined)
    const own = claims.find(({ owner }) => owner === cluster)
    if (own !== undefined) return portOf(own.name)!
    const taken = claims.map(({ name }) => portOf(name)!)
    const port = await claimEndpointPort(claimant, installation.address, taken)
    await makeClaim(folder, { name: portClaim(port), owner: cluster })
    return port
  }

  return {
    claim: (cluster) =>
      inTurn(() =>
        withDiskFaults(folder, async () => {
          const slot = await claimSlot(cluster)
          const own = slot === OWN_SLOT || isLoopback(installation.address)
          const port = own ? ENDPOINT_PORT : await claimPort(cluster)
          // For ever is also after a power cut.
          await syncFolder(folder)
          const network = await privateOf(cluster)
          return network === undefined
            ? planOf(installation, slot, port)
            : privatePlan(installation, { network, slot, port })
        }),
      ),
    release: (cluster) =>
      inTurn(async () => {
        const network = await privateOf(cluster)
        if (network !== undefined) await removeNetwork(paths, network)
        for (const { name, owner } of await readClaims(folder)) {
          if (owner !== cluster && nodeOf({ name, owner })?.cluster !== cluster) continue
          if (portOf(name) !== undefined) await releaseClaims(claimant, [name])
          await dropClaim(folder, name)
        }
        await syncFolder(folder)
      }),
    async clusters() {
      const claims = await readClaims(folder)
      return [...new Set(claims.map((claim) => nodeOf(claim)?.cluster ?? claim.owner))].sort()
    },
    async ensure(cluster) {
      if (isOwn(cluster)) return
      if (slotsOf(await readClaims(folder), cluster).length === 0) {
        throw new SubstrateFault('NotFound', `${cluster} has no addresses: claim them first`)
      }
      const network = await privateOf(cluster)
      if (network !== undefined) await ensureNetwork(paths, network)
    },
    async isPresent(cluster) {
      if (isOwn(cluster)) return true
      const network = await privateOf(cluster)
      if (network !== undefined) return await isNetworkPresent(network)
      return slotsOf(await readClaims(folder), cluster).length > 0
    },
    claimNode: (cluster, node) =>
      inTurn(() =>
        withDiskFaults(folder, async () => {
          const network = await privateOf(cluster)
          if (network === undefined) {
            throw new SubstrateFault('NotFound', `${cluster} has no private network, so it can have no nodes`)
          }
          const number = await claimNodeNumber(network, { cluster, node })
          await syncFolder(folder)
          const { host, podCidr } = privateNode(network, number)
          return { host, podCidr } satisfies NodeAddress
        }),
      ),
    releaseNode: (cluster, node) =>
      inTurn(async () => {
        for (const claim of await readClaims(folder)) {
          const found = nodeOf(claim)
          if (found?.cluster === cluster && found.node === node) await dropClaim(folder, claim.name)
        }
        await syncFolder(folder)
      }),
  }

  async function claimNodeNumber(
    { slot }: PrivateNetwork,
    { cluster, node }: { readonly cluster: ClusterId; readonly node: string },
  ): Promise<number> {
    const owner = `${cluster}/${node}`
    const claims = await readClaims(folder)
    const own = claims.find((claim) => nodeOf(claim) !== undefined && claim.owner === owner)
    if (own !== undefined) return nodeOf(own)!.number
    const taken = new Set(claims.map(({ name }) => name))
    for (let number = 1; number <= MOST_NODES; number += 1) {
      const name = `node-${slot}-${number}`
      if (!taken.has(name) && (await makeClaim(folder, { name, owner })) === owner) return number
    }
    throw new SubstrateFault('NoCapacity', `${cluster} has ${MOST_NODES} nodes, and its network has room for no more`)
  }
}

/** Whether nobody else's addresses lead there, and nothing is left of a network of somebody who had the octet before. */
async function isFree({ cidr, namespacePrefix, hostLink }: PrivateNetwork, routes: readonly Route[]): Promise<boolean> {
  return !routes.some(({ meets }) => meets(cidr)) && !(await isAnythingLeft(namespacePrefix, hostLink))
}

function isOwn(cluster: ClusterId): boolean {
  return cluster === HOME_CLUSTER || cluster === OWN_CLUSTER
}

/** The endpoint stays where it is for loopback, and is at the host's address of the network as well. */
function privatePlan(
  installation: Installation,
  { network, slot, port }: { readonly network: PrivateNetwork; readonly slot: number; readonly port: number },
): NetworkPlan {
  return {
    kind: 'private',
    endpoint: planOf(installation, slot, port).endpoint,
    zones: Object.fromEntries(
      network.zones.map(({ zone, address }) => [zone, { host: address, advertise: network.host }]),
    ),
    nodes: {
      endpoint: { host: network.host, port: API_PORT },
      relay: { host: network.host, port: RELAY_PORT },
      cidr: network.cidr,
      podCidr: POD_CIDR,
    },
  }
}

function planOf(installation: Installation, slot: number, port: number): NetworkPlan {
  const address = (place: number) => octetAddress(installation.octet, place, slot)
  const isShared = slot !== OWN_SLOT && !isLoopback(installation.address)
  const host = isShared ? installation.address : address(slot === OWN_SLOT ? 1 : 0)
  return {
    kind: 'loopback',
    endpoint: { host, bind: host, port },
    zones: Object.fromEntries(
      installation.zones.map((zone, index) => [
        zone,
        { host: address(index + 1), advertise: advertisedAddress(installation.octet, index, slot) },
      ]),
    ),
  }
}

/**
 * A static address of 198.18.0.0/15 (RFC 2544) for an API server to advertise. Its 131,072 addresses are 512 for each
 * octet: 170 for each of three zones. So they are unique on the machine up to slot 170; above it, two clusters of one
 * installation share one, each inside its own Kubernetes.
 */
function advertisedAddress(octet: number, zoneIndex: number, slot: number): string {
  const offset = octet * ADVERTISED_PER_OCTET + zoneIndex * ADVERTISED_PER_ZONE + ((slot - 1) % ADVERTISED_PER_ZONE) + 1
  return `198.${18 + (offset >> 16)}.${(offset >> 8) & 255}.${offset & 255}`
}

function slotClaim(slot: number): string {
  return `slot-${slot}`
}

function slotsOf(claims: readonly Claim[], cluster: ClusterId): number[] {
  return claims
    .filter(({ name, owner }) => owner === cluster && name.startsWith('slot-'))
    .map(({ name }) => Number(name.slice('slot-'.length)))
    .sort((one, other) => one - other)
}

/** `node-<slot>-<number>`, owned by `<cluster>/<node>`. */
function nodeOf({ name, owner }: Claim) {
  const number = /^node-\d+-(\d+)$/.exec(name)?.[1]
  const [cluster = '', node = ''] = owner.split('/')
  return number === undefined ? undefined : { cluster, node, number: Number(number) }
}

function portOf(claim: string): number | undefined {
  const digits = /^port-(\d+)$/.exec(claim)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
