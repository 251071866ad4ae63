import type { LeafPlan, LeafRequest } from '../../pki/index.ts'
import { firstServiceAddress } from '../../rendering/index.ts'
import type { LeafInput } from './input.ts'
import { addressesOf, hasHops, instanceName } from './members.ts'

/** Certificates that are not an instance's own: whoever reaches a control plane from outside of it. */
export const ACCESS_LEAVES = {
  /** Of the cluster's authority. In a hosted cluster `system:masters`; in the home the group `evenkeel:keepers`. */
  keeper: 'keeper/client',
  /** For health and leadership of etcd members. */
  keeperEtcd: 'keeper/etcd-client',
  /** Of the home alone: `system:masters`, and the group `evenkeel:services`. */
  admin: 'admin/client',
  service: 'service/client',
} as const

/** What authenticators serve a hosted cluster's token reviews with. */
export const AUTHENTICATOR_LEAF = 'authenticator/serving'

/** Names of one instance's certificates. */
export const LEAF = {
  server: (instance: string) => `${instance}/server`,
  peer: (instance: string) => `${instance}/peer`,
  client: (instance: string) => `${instance}/client`,
  etcdClient: (instance: string) => `${instance}/etcd-client`,
  kubeletClient: (instance: string) => `${instance}/kubelet-client`,
  proxyClient: (instance: string) => `${instance}/proxy-client`,
  authenticatorClient: (instance: string) => `${instance}/authenticator-client`,
} as const

/** Name that every member of etcd can be checked for, whichever of them answers. */
export const ETCD_SERVER_NAME = 'etcd.evenkeel.internal'
/** Common name without which no certificate of the etcd authority may speak as a member. */
export const ETCD_PEER_NAME = 'etcd-peer'
/** Name that every API server of a cluster can be checked for. */
export const API_SERVER_NAME = 'kubernetes'
/** Common name of an API server that asks a kubelet. */
export const KUBELET_CLIENT_NAME = 'kube-apiserver-kubelet-client'
/** Common name of an API server that asks an aggregated one in a user's name. */
export const PROXY_CLIENT_NAME = 'kube-apiserver-proxy'

/** Name by which authenticators tell clusters apart (SNI). */
export function authenticatorServerName(clusterId: string): string {
  return `${clusterId}.authenticator.evenkeel.internal`
}

/** Every certificate that a control plane needs, by name. Pure: a change of it is what `areLeavesDue` finds. */
export function leafPlan(input: LeafInput): LeafPlan {
  const { etcdZones, apiServerZones } = input.topology
  return {
    ...merge(etcdZones.map((zone) => etcdLeaves(input, zone))),
    ...merge(apiServerZones.map((zone) => apiServerLeaves(input, zone))),
    ...(input.kind === 'hosted' ? hostedLeaves(input) : homeLeaves()),
    [ACCESS_LEAVES.keeperEtcd]: client('etcd', 'evenkeel-keeper'),
  }
}

function etcdLeaves(input: LeafInput, zone: string): LeafPlan {
  const name = instanceName('etcd', zone)
  const { host } = addressesOf(input.network, zone)
  // A hop keeps TLS whole: behind its address any member may answer.
  const hops = input.topology.apiServerZones.map((each) => addressesOf(input.network, each).host)
  const hosts = [...new Set([ETCD_SERVER_NAME, host, ...hops])]
  return {
    // etcd's JSON gateway shows the server's certificate to the server itself, so it must be a client's, too.
    [LEAF.server(name)]: { ...server('etcd', name, hosts), usages: ['server', 'client'] },
    [LEAF.peer(name)]: { ...server('etcd', ETCD_PEER_NAME, [host]), usages: ['server', 'client'] },
  }
}

function apiServerLeaves(input: LeafInput, zone: string): LeafPlan {
  const name = instanceName('kube-apiserver', zone)
  const { host, advertise } = addressesOf(input.network, zone)
  const { endpoint, nodes } = input.network
  const names = [
    API_SERVER_NAME,
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    firstServiceAddress(input.serviceCidr),
    endpoint.host,
    endpoint.bind,
    ...(nodes === undefined ? [] : [nodes.endpoint.host]),
    host,
    advertise,
  ]
  // Where every address is meant, none is named.
  const hosts = [...new Set(names)].filter((each) => each !== '0.0.0.0' && each !== '::')
  return {
    [LEAF.server(name)]: server('cluster', 'kube-apiserver', hosts),
    [LEAF.etcdClient(name)]: client('etcd', name),
    [LEAF.kubeletClient(name)]: client('cluster', KUBELET_CLIENT_NAME),
    [LEAF.proxyClient(name)]: client('frontProxy', PROXY_CLIENT_NAME),
    ...(hasHops(input.topology)
      ? { [LEAF.client(instanceName('etcd-hop', zone))]: client('etcd', instanceName('etcd-hop', zone)) }
      : {}),
  }
}

function hostedLeaves(input: LeafInput): LeafPlan {
  const zoned = input.topology.apiServerZones.map((zone) => {
    const apiServer = instanceName('kube-apiserver', zone)
    const controllers = instanceName('kube-controller-manager', zone)
    const scheduler = instanceName('kube-scheduler', zone)
    const { host } = addressesOf(input.network, zone)
    return {
      [LEAF.authenticatorClient(apiServer)]: client('cluster', apiServer, ['evenkeel:token-review']),
      [LEAF.client(controllers)]: client('cluster', 'system:kube-controller-manager'),
      [LEAF.server(controllers)]: server('cluster', 'kube-controller-manager', ['kube-controller-manager', host]),
      [LEAF.client(scheduler)]: client('cluster', 'system:kube-scheduler'),
      [LEAF.server(scheduler)]: server('cluster', 'kube-scheduler', ['kube-scheduler', host]),
    }
  })
  const authenticator = authenticatorServerName(input.clusterId)
  return {
    ...merge(zoned),
    [AUTHENTICATOR_LEAF]: server('cluster', 'evenkeel-authenticator', [authenticator]),
    [ACCESS_LEAVES.keeper]: client('cluster', 'evenkeel:keeper', ['system:masters']),
  }
}

function homeLeaves(): LeafPlan {
  return {
    [ACCESS_LEAVES.admin]: client('cluster', 'evenkeel:admin', ['system:masters']),
    [ACCESS_LEAVES.keeper]: client('cluster', 'evenkeel:keeper', ['evenkeel:keepers']),
    [ACCESS_LEAVES.service]: client('cluster', 'evenkeel:service', ['evenkeel:services']),
  }
}

function server(authority: LeafRequest['authority'], commonName: string, hosts: string[]): LeafRequest {
  return { authority, commonName, organizations: [], hosts, usages: ['server'] }
}

function client(authority: LeafRequest['authority'], commonName: string, organizations: string[] = []): LeafRequest {
  return { authority, commonName, organizations, hosts: [], usages: ['client'] }
}

function merge(plans: readonly LeafPlan[]): LeafPlan {
  return Object.assign({}, ...plans) as LeafPlan
}
