import type { ClusterId, Zone } from './place.ts'

/** Address (or name) of one zone's members of one cluster; each component has its usual port there. */
export interface ZoneAddresses {
  /** Bound by the members; reachable by every other member of the cluster. */
  readonly host: string
  /** What an API server advertises for the Service `kubernetes` (loopback may not be advertised). */
  readonly advertise: string
}

/** What nodes and pods of a cluster have of its network. */
export interface NodeNetwork {
  /** The cluster's endpoint as nodes and pods reach it. */
  readonly endpoint: { readonly host: string; readonly port: number }
  /** An address that zones alone reach, for what their members need of programs outside of the network. */
  readonly relay: { readonly host: string; readonly port: number }
  /** Addresses of zones and nodes (CIDR). */
  readonly cidr: string
  /** Addresses of pods (CIDR); each node has a part of them. */
  readonly podCidr: string
}

/** The addresses of a cluster, fixed for its whole life. */
export interface NetworkPlan {
  /**
   * `loopback`: addresses of this machine, no nodes. `private`: a network of the cluster's own, with nodes in it.
   * `simulated`: names that lead nowhere.
   */
  readonly kind: 'loopback' | 'private' | 'simulated'
  /** The cluster's one address. `bind` is what is listened on, `host` what is told to clients. */
  readonly endpoint: { readonly host: string; readonly bind: string; readonly port: number }
  readonly zones: Readonly<Record<Zone, ZoneAddresses>>
  /** Absent where API servers cannot reach nodes. */
  readonly nodes?: NodeNetwork
}

/** Fixed for the whole life of a node. */
export interface NodeAddress {
  readonly host: string
  /** Addresses of its pods: a part of the cluster's `podCidr`. */
  readonly podCidr: string
}

/** Addresses and names of members, and the path from API servers to nodes. */
export interface ClusterNetwork {
  /** The same answer for the same cluster, for ever. Throws NoCapacity. */
  claim(cluster: ClusterId): Promise<NetworkPlan>
  /** Removes what `ensure` has made, then lets the addresses go: those of nodes, too. */
  release(cluster: ClusterId): Promise<void>
  clusters(): Promise<readonly ClusterId[]>
  /**
   * Brings what carries the addresses (links, routes, filters) to where it is to be. Idempotent, and cuts nothing that is
   * in use. Throws NotFound before `claim`, NotReady with the reason where the machine does not let it.
   */
  ensure(cluster: ClusterId): Promise<void>
  /** Whether `ensure` would find nothing to do. */
  isPresent(cluster: ClusterId): Promise<boolean>
  /** The same answer for the same node until it is released. Throws NoCapacity, and NotFound where nodes have no network. */
  claimNode(cluster: ClusterId, node: string): Promise<NodeAddress>
  releaseNode(cluster: ClusterId, node: string): Promise<void>
}
