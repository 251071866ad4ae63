import { leafOf } from '../../pki/index.ts'
import type { ControlPlaneInput } from './input.ts'
import { ACCESS_LEAVES, API_SERVER_NAME, ETCD_SERVER_NAME } from './leaf-plan.ts'
import { addressesOf, type ComponentName, hasHops, instanceName } from './members.ts'
import { PORTS } from './ports.ts'

/** How the keeper asks somebody over TLS how it is. Certificates and keys are PEM. */
export interface ProbeAddress {
  /** Instance name, such as `etcd-a`; `endpoint` for the client's path. */
  readonly name: string
  readonly component: string
  readonly host: string
  readonly port: number
  /** `GET` is to be answered with 200. Absent: the handshake itself is the answer (a hop passes bytes, not HTTP). */
  readonly path?: string
  /** Name that the certificate is checked for. */
  readonly serverName: string
  readonly caCertificate: string
  readonly client?: { readonly certificate: string; readonly key: string }
}

/** Where the members and the client's path are asked. */
export function probeTargets(input: ControlPlaneInput): {
  readonly members: readonly ProbeAddress[]
  readonly endpoint: ProbeAddress
} {
  const { etcdZones, apiServerZones } = input.topology
  const hops = hasHops(input.topology) ? apiServerZones : []
  const controllers = input.kind === 'hosted' ? apiServerZones : []
  return {
    members: [
      ...etcdZones.map((zone) => memberOf(input, { component: 'etcd', zone, port: PORTS.etcdHealth, path: '/readyz' })),
      ...hops.map((zone) => memberOf(input, { component: 'etcd-hop', zone, port: PORTS.etcdHop })),
      ...apiServerZones.map((zone) =>
        memberOf(input, { component: 'kube-apiserver', zone, port: PORTS.apiServer, path: '/readyz' }),
      ),
      ...controllers.flatMap((zone) => [
        memberOf(input, {
          component: 'kube-controller-manager',
          zone,
          port: PORTS.controllerManager,
          path: '/healthz',
        }),
        memberOf(input, { component: 'kube-scheduler', zone, port: PORTS.scheduler, path: '/readyz' }),
      ]),
    ],
    endpoint: endpointOf(input),
  }
}

/** Clients of the home reach its API server directly; those of a hosted cluster go through the endpoint. */
function endpointOf(input: ControlPlaneInput): ProbeAddress {
  const [zone = ''] = input.topology.apiServerZones
  const server = memberOf(input, { component: 'kube-apiserver', zone, port: PORTS.apiServer, path: '/readyz' })
  const { host, port } = input.network.endpoint
  return { ...server, name: 'endpoint', component: 'endpoint', ...(input.kind === 'hosted' ? { host, port } : {}) }
}

interface Asked {
  readonly component: ComponentName
  readonly zone: string
  readonly port: number
  readonly path?: string
}

function memberOf(input: ControlPlaneInput, { component, zone, port, path }: Asked): ProbeAddress {
  const isEtcd = component === 'etcd' || component === 'etcd-hop'
  const serverName = component === 'kube-apiserver' ? API_SERVER_NAME : component
  const { certificate, key } = leafOf(input.leaves, isEtcd ? ACCESS_LEAVES.keeperEtcd : ACCESS_LEAVES.keeper)
  return {
    name: instanceName(component, zone),
    component,
    host: addressesOf(input.network, zone).host,
    port,
    ...(path === undefined ? {} : { path }),
    serverName: isEtcd ? ETCD_SERVER_NAME : serverName,
    caCertificate: input.keys.authorities[isEtcd ? 'etcd' : 'cluster'].certificate,
    client: { certificate, key },
  }
}
