import { syncFolder } from '@evenkeel/kernel'
import { type ClusterId, type ClusterNetwork, type NetworkPlan, SubstrateFault } from '@evenkeel/substrate'
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

/** Of the home and of our own programs; the home's addresses are known before anything is claimed. */
const HOME_CLUSTER = 'home'
const OWN_SLOT = 1
const FIRST_SLOT = 2
const LAST_SLOT = 254
const ENDPOINT_PORT = 6443

/** Addresses in 198.18.0.0/15 per installation, and per zone of it; see `advertisedAddress`. */
const ADVERTISED_PER_OCTET = 512
const ADVERTISED_PER_ZONE = 170

/** Loopback addresses, a slot of them for each cluster. */
export function createClusterNetwork(
  paths: LocalPaths,
  installation: Installation,
  claimant: Claimant,
): ClusterNetwork {
  const folder = paths.network
  let last: Promise<unknown> = Promise.resolve()

  /** One at a time: two claims for one cluster at once would take two slots. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }

  async function claimSlot(cluster: ClusterId): Promise<number> {
    if (cluster === HOME_CLUSTER || cluster === OWN_CLUSTER) return OWN_SLOT
    const claims = await readClaims(folder)
    const slots = slotsOf(claims, cluster)
    if (slots.length > 0) return slots[0]!
    const taken = new Set(claims.map(({ name }) => name))
    for (let slot = FIRST_SLOT; slot <= LAST_SLOT; slot += 1) {
      if (taken.has(slotClaim(slot))) continue
      if ((await makeClaim(folder, { name: slotClaim(slot), owner: cluster })) === cluster) return slot
    }
    throw new SubstrateFault(
      'NoCapacity',
      `all ${LAST_SLOT - FIRST_SLOT + 1} addresses for clusters of this installation are taken: delete a cluster, or use another EVENKEEL_HOME`,
    )
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
          return planOf(installation, slot, port)
        }),
      ),
    release: (cluster) =>
      inTurn(async () => {
        for (const { name, owner } of await readClaims(folder)) {
          if (owner !== cluster) continue
          if (portOf(name) !== undefined) await releaseClaims(claimant, [name])
          await dropClaim(folder, name)
        }
        await syncFolder(folder)
      }),
    async clusters() {
      return [...new Set((await readClaims(folder)).map(({ owner }) => owner))].sort()
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

function portOf(claim: string): number | undefined {
  const digits = /^port-(\d+)$/.exec(claim)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
