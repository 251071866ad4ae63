import { createHash } from 'node:crypto'
import { type EndpointSpec, renderTcpProxy } from '@evenkeel/substrate'

/** Files of a balancer, by their paths below its folder, which is its working folder. */
export const CONFIG_FILE = 'haproxy.cfg'
export const CA_FILE = 'ca.pem'
/** Of HAProxy's runtime API. Relative, since a socket's path may have no more than 107 characters. */
export const SOCKET_FILE = 'admin.sock'

const CHECK_INTERVAL_MS = 500
/** Longer than the API server itself waits for etcd (2 s) before it answers that it is not ready. */
const CHECK_TIMEOUT_MS = 3000
/** A session costs some 20 kB while it lasts. */
const MOST_CONNECTIONS = 4000

/** Digest of all of a spec. */
export function endpointDigest(spec: EndpointSpec): string {
  const backends = spec.backends.map(({ zone, host, port }) => [zone, host, port]).sort()
  const more = spec.alsoAt === undefined && spec.relays === undefined ? [] : [[spec.alsoAt ?? [], spec.relays ?? []]]
  return shorten([spec.cluster, spec.bind, spec.port, backends, spec.caCertificate, spec.serverName, ...more])
}

/** Digest of what a running balancer cannot change: all but addresses of backends and the certificate. */
export function endpointShape(spec: EndpointSpec): string {
  const text = renderConfig({
    ...spec,
    caCertificate: '',
    backends: spec.backends.map((backend) => ({ ...backend, host: '0.0.0.0', port: 1 })),
  })
  return shorten(text)
}

/** What a balancer says of itself: its shape and the digest of the spec that it runs with. */
export function endpointMark(spec: EndpointSpec): string {
  return `${endpointShape(spec)}-${endpointDigest(spec)}`
}

/**
 * Configuration of one balancer. A server whose `/readyz` answers with an error (it is shutting down, say) gets no new
 * connection and keeps those that it has; one that does not answer loses them, so that clients turn to the other.
 */
export function renderEndpoint(spec: EndpointSpec): string {
  return renderConfig(spec, endpointMark(spec))
}

function renderConfig(spec: EndpointSpec, mark?: string): string {
  return renderTcpProxy({
    bind: spec.bind,
    port: spec.port,
    ...(spec.alsoAt === undefined ? {} : { alsoAt: spec.alsoAt }),
    ...(spec.relays === undefined ? {} : { relays: spec.relays }),
    servers: [...spec.backends]
      .sort((one, other) => (one.zone < other.zone ? -1 : 1))
      .map(({ zone, host, port }) => ({ name: zone, host, port })),
    check: {
      path: '/readyz',
      caFile: CA_FILE,
      serverName: spec.serverName,
      intervalMs: CHECK_INTERVAL_MS,
      timeoutMs: CHECK_TIMEOUT_MS,
      onUnready: 'drain',
    },
    statsSocket: SOCKET_FILE,
    maxConnections: MOST_CONNECTIONS,
    failOpen: true,
    ...(mark === undefined ? {} : { mark }),
  })
}

function shorten(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
