import { type InstanceSpec, renderTcpProxy, type Zone } from '@evenkeel/substrate'
import { addLeaf, filesOf } from './files.ts'
import type { ControlPlaneInput } from './input.ts'
import { ETCD_SERVER_NAME, LEAF } from './leaf-plan.ts'
import { addressesOf, instanceName } from './members.ts'
import { PORTS } from './ports.ts'

const CHECK_INTERVAL_MS = 500
/** An API server has one connection for each kind of object and some to spare. */
const MAX_CONNECTIONS = 4000

/**
 * What the API server of a zone takes for etcd: the zone's own member while that one can serve, else any other. TLS
 * passes through. A member serves when `/readyz` says so: it asks for a read that all agree on, so that a member without
 * a quorum is out, and it does not mind a full database, which must stay readable.
 *
 * A member that leaves in good order takes no new connection, tells its clients to go elsewhere (GOAWAY) and finishes what
 * they have asked for (etcd 3.7). All that a hop has to do is to send new connections to the next member, and not to cut
 * the old ones before the member does.
 */
export function renderEtcdHop(input: ControlPlaneInput, zone: Zone): InstanceSpec {
  const { name, files } = filesOf(input, 'etcd-hop', zone)
  const { network, topology, keys } = input
  const nearestFirst = topology.etcdZones.toSorted((one, other) => Number(other === zone) - Number(one === zone))
  // HAProxy reads certificates at its start.
  const caFile = files.add('pki/etcd-ca.pem', keys.authorities.etcd.certificate, 'restart')
  const clientPemFile = addLeaf(files, input, { name: LEAF.client(name), path: 'pki/client.pem', onChange: 'restart' })
  const configuration = files.add(
    'haproxy.cfg',
    renderTcpProxy({
      bind: addressesOf(network, zone).host,
      port: PORTS.etcdHop,
      servers: nearestFirst.map((each) => ({
        name: instanceName('etcd', each),
        host: addressesOf(network, each).host,
        port: PORTS.etcdClient,
      })),
      check: {
        path: '/readyz',
        caFile,
        clientPemFile,
        serverName: ETCD_SERVER_NAME,
        intervalMs: CHECK_INTERVAL_MS,
        port: PORTS.etcdMetrics,
      },
      // Before etcd has a quorum, a connection to it waits for just that; a refused one would be tried again only after
      // gRPC's growing pauses. And where every check is late because the machine is busy, etcd still works.
      failOpen: true,
      // A connection is kept where it was made. Spread over all zones, each API server would suffer with every zone.
      prefer: 'first',
      maxConnections: MAX_CONNECTIONS,
    }),
    'restart',
  )
  return {
    cluster: input.clusterId,
    name,
    component: 'etcd-hop',
    place: zone,
    program: { name: 'haproxy', version: 'system' },
    args: ['-db', '-f', configuration],
    env: {},
    files: files.all(),
    volumes: [],
    stopGraceSeconds: 5,
  }
}
