/**
 * Addresses and names of private networks. All follow from the octet of the installation and the slot of the cluster, so
 * that networks of one machine never meet, and nothing of them has to be written down.
 *
 * Each cluster has a block of 64 addresses out of 100.64.0.0/10 (RFC 6598): .1 the host, where nodes find the endpoint; .2
 * the router; .4 and up the zones; from .11 on the nodes. Pods of node N are 198.18.N.0/24 in every cluster: nothing
 * outside of its own namespaces knows the way to them.
 */

/** First address of 100.64.0.0/10, as a number. */
const BASE = (100 << 24) | (64 << 16)
const BLOCK = 64
export const PREFIX_LENGTH = 26
/** All blocks of all octets and slots: 100.64.0.0/10 has room for 256 x 256. */
export const ALL_BLOCKS = '100.64.0.0/10'

const HOST = 1
const ROUTER = 2
const FIRST_ZONE = 4
/** Node N is at this and N. */
const NODES = 10
export const MOST_NODES = 52

/** Set aside for tests (RFC 2544), so that no range of Services that a user may choose, and hardly any network, meets it. */
export const POD_CIDR = '198.18.0.0/16'

export interface PrivateNetwork {
  readonly octet: number
  readonly slot: number
  /** Zones and nodes, such as `100.64.130.128/26`. */
  readonly cidr: string
  /** What addresses of the block begin with, such as `100.64.130.`, and the last number of its first address. */
  readonly stem: string
  readonly first: number
  readonly host: string
  readonly router: string
  /** In the order of the installation's zones. */
  readonly zones: readonly { readonly zone: string; readonly address: string; readonly namespace: string }[]
  readonly routerNamespace: string
  /** Of all its namespaces. */
  readonly namespacePrefix: string
  /** Of the link between host and router, in the host's namespace: names of links have 15 characters at the most. */
  readonly hostLink: string
}

/** Pure. */
export function privateNetwork(octet: number, slot: number, zones: readonly string[]): PrivateNetwork {
  const number = BASE + ((octet << 8) | slot) * BLOCK
  const namespacePrefix = `ek-${octet}-${slot}-`
  return {
    octet,
    slot,
    cidr: `${formatAddress(number)}/${PREFIX_LENGTH}`,
    stem: formatAddress(number).replace(/\d+$/, ''),
    first: number & 255,
    host: formatAddress(number + HOST),
    router: formatAddress(number + ROUTER),
    zones: zones.map((zone, index) => ({
      zone,
      address: formatAddress(number + FIRST_ZONE + index),
      namespace: `${namespacePrefix}${zone}`,
    })),
    routerNamespace: `${namespacePrefix}router`,
    namespacePrefix,
    hostLink: `ek${octet}-${slot}`,
  }
}

/** What a node's address tells of where it is. */
export interface PrivateNode {
  readonly network: PrivateNetwork
  /** 1 to 52. */
  readonly number: number
  readonly host: string
  readonly podCidr: string
  /** `eth0` in it leads to the router. */
  readonly namespace: string
}

export function privateNode(network: PrivateNetwork, number: number): PrivateNode {
  return {
    network,
    number,
    host: `${network.stem}${network.first + NODES + number}`,
    podCidr: `198.18.${number}.0/24`,
    namespace: `${network.namespacePrefix}n${number}`,
  }
}

/** The node at an address that `claimNode` has answered. Pure; throws for any other address. */
export function privateNodeOf(host: string): PrivateNode {
  const parts = host.split('.').map(Number)
  const offset = parts.reduce((sum, part) => sum * 256 + part, 0) - BASE
  const number = (offset % BLOCK) - NODES
  const block = Math.floor(offset / BLOCK)
  const isNode = parts.length === 4 && block >= 0 && block < 65_536 && number >= 1 && number <= MOST_NODES
  if (!isNode) throw new Error(`${host} is no address of a node in a private network: claim one (claimNode)`)
  return privateNode(privateNetwork(block >> 8, block & 255, []), number)
}

function formatAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}
