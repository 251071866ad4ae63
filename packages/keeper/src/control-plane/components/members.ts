import type { NetworkPlan, Zone, ZoneAddresses } from '@evenkeel/substrate'

/** Parts of a control plane that are rendered here; the endpoint is its driver's. */
export const COMPONENTS = ['etcd', 'etcd-hop', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
export type ComponentName = (typeof COMPONENTS)[number]

/** `etcd-a`: one instance of a component in a zone at the most. */
export function instanceName(component: ComponentName, zone: Zone): string {
  return `${component}-${zone}`
}

export function addressesOf(network: NetworkPlan, zone: Zone): ZoneAddresses {
  const addresses = network.zones[zone]
  if (addresses === undefined) {
    throw new Error(`zone ${zone} has no address in this cluster's network: claim the network for its zones first`)
  }
  return addresses
}

/** `host:port`, with brackets around an IPv6 address. */
export function authorityText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

export function httpsUrl(host: string, port: number): string {
  return `https://${authorityText(host, port)}`
}

/** One etcd needs no choice of the nearest: its API server takes it directly. */
export function hasHops(topology: { readonly etcdZones: readonly Zone[] }): boolean {
  return topology.etcdZones.length > 1
}
