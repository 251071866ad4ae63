import type { TcpListener, TcpRelay } from './haproxy/index.ts'
import type { ClusterId, Zone } from './place.ts'

export interface EndpointBackend {
  readonly zone: Zone
  readonly host: string
  readonly port: number
}

export interface EndpointSpec {
  readonly cluster: ClusterId
  readonly bind: string
  readonly port: number
  /** Where else it listens: the cluster's nodes find it there. */
  readonly alsoAt?: readonly TcpListener[]
  /** What else is passed on from addresses of the cluster, byte by byte. */
  readonly relays?: readonly TcpRelay[]
  readonly backends: readonly EndpointBackend[]
  /** PEM: who signs the certificates of the API servers; health is asked with `GET /readyz` over TLS. */
  readonly caCertificate: string
  /** Name that the API servers' certificates are checked for. */
  readonly serverName: string
}

export interface ObservedEndpoint {
  readonly cluster: ClusterId
  /** Balancers, of which any one is enough to serve. */
  readonly balancers: readonly { readonly name: string; readonly state: 'running' | 'unsupervised' | 'starting' }[]
  /** Digest of the EndpointSpec that every balancer runs with; absent while they differ. */
  readonly digest?: string
}

/** The load balancer of a cluster: one address, in no zone, only healthy API servers behind it. */
export interface Endpoint {
  /** Makes or changes it, without cutting a healthy connection. */
  ensure(spec: EndpointSpec): Promise<void>
  observe(cluster: ClusterId): Promise<ObservedEndpoint>
  /** Digest that `observe` will show when `spec` is in force. Pure. */
  digest(spec: EndpointSpec): string
  remove(cluster: ClusterId): Promise<'stopping' | 'gone'>
}
