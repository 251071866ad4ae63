import type { InstanceSpec, Zone } from '@evenkeel/substrate'
import { flagsText } from '../../rendering/index.ts'
import { addLeaf, filesOf } from './files.ts'
import type { ControlPlaneInput } from './input.ts'
import { ETCD_PEER_NAME, LEAF } from './leaf-plan.ts'
import { addressesOf, hasHops, httpsUrl, instanceName } from './members.ts'
import { PORTS } from './ports.ts'
import { goEnvironment } from './tuning.ts'

/** Upstream's suggested ceiling; a fuller database raises an alarm and is read-only until it is cured. */
const QUOTA_BYTES = 8 * 1024 ** 3

/**
 * Members start one after the other. Each first asks its peers something, a new one whether they are a cluster already
 * (`isMemberBootstrapped`, waits 1 s for each) and any other one for the hash of what they hold (`InitialCorruptCheck`,
 * 7 s for each), while its own port takes connections that it does not serve yet (etcd 3.6 and 3.7): members that start
 * together wait for each other, 14 s after a power cut. The metrics port is opened when the peers' port is served. That
 * takes 0.3 s of an idle machine; a member whose predecessor stays away starts without it.
 */
const PATIENCE_SECONDS = 3

/** The predecessor's own patience comes first. The first member waits for nobody. */
function startsAfter({ network, topology }: ControlPlaneInput, zone: Zone): Pick<InstanceSpec, 'startsAfter'> {
  const index = topology.etcdZones.indexOf(zone)
  const before = topology.etcdZones[index - 1]
  if (before === undefined) return {}
  const { host } = addressesOf(network, before)
  return { startsAfter: { host, port: PORTS.etcdMetrics, atMostSeconds: index * PATIENCE_SECONDS } }
}

/**
 * It listens for clients a tenth of a second after its start, and serves them when it has found its peers (etcd 3.7): what
 * comes in between waits. By this delay hops see the end of a killed one before the next one listens, and send nobody there.
 */
const RESTART_DELAY_MS = 600

/** One member of a cluster whose members are fixed: `initial-cluster` is read only while the volume is empty. */
export function renderEtcd(input: ControlPlaneInput, zone: Zone): InstanceSpec {
  const { name, files } = filesOf(input, 'etcd', zone)
  const { network, topology, keys } = input
  const { host } = addressesOf(network, zone)
  const peerUrl = (each: Zone) => httpsUrl(addressesOf(network, each).host, PORTS.etcdPeer)
  // etcd reads certificates and keys for every handshake, but who signs them only at its start.
  const authority = files.add('pki/etcd-ca.pem', keys.authorities.etcd.certificate, 'restart')
  const server = addLeaf(files, input, { name: LEAF.server(name), path: 'pki/server.pem', onChange: 'reload' })
  const peer = addLeaf(files, input, { name: LEAF.peer(name), path: 'pki/peer.pem', onChange: 'reload' })
  return {
    cluster: input.clusterId,
    name,
    component: 'etcd',
    place: zone,
    program: { name: 'etcd', version: input.versions.etcd },
    args: flagsText({
      name,
      'data-dir': input.layout(name).volumePath(name),
      'initial-cluster': topology.etcdZones.map((each) => `${instanceName('etcd', each)}=${peerUrl(each)}`),
      'initial-cluster-state': 'new',
      // Members of another cluster at a wrong address are told apart by it.
      'initial-cluster-token': input.clusterId,
      'initial-advertise-peer-urls': peerUrl(zone),
      'listen-peer-urls': peerUrl(zone),
      'advertise-client-urls': httpsUrl(host, PORTS.etcdClient),
      'listen-client-urls': httpsUrl(host, PORTS.etcdClient),
      // gRPC gets a port of its own: where HTTP shares it, watches can starve under load.
      'listen-client-http-urls': httpsUrl(host, PORTS.etcdHealth),
      // A member that leaves in good order closes the two above, in either order, and lets requests come to their end for
      // up to 7 s. This one it closes after that (etcd 3.7), so hops that ask here cut nothing short.
      'listen-metrics-urls': httpsUrl(host, PORTS.etcdMetrics),
      'cert-file': server,
      'key-file': server,
      'client-cert-auth': true,
      'trusted-ca-file': authority,
      'peer-cert-file': peer,
      'peer-key-file': peer,
      'peer-client-cert-auth': true,
      'peer-trusted-ca-file': authority,
      // Without it every client of etcd could speak as a member.
      'peer-cert-allowed-cn': ETCD_PEER_NAME,
      // Members are told by their certificates. The address that a call comes from is the kernel's choice (127.0.0.1).
      'peer-skip-client-san-verification': true,
      'tls-min-version': 'TLS1.2',
      'feature-gates': 'InitialCorruptCheck=true',
      'quota-backend-bytes': QUOTA_BYTES,
      // API servers compact every five minutes themselves.
      'auto-compaction-retention': 0,
      'snapshot-count': 10_000,
      'heartbeat-interval': 100,
      'election-timeout': 1000,
      // So that the API servers' watch caches know that they are up to date.
      'watch-progress-notify-interval': '5s',
      'log-format': 'json',
      'log-outputs': 'stderr',
    }),
    env: goEnvironment(),
    files: files.all(),
    volumes: [name],
    ...(hasHops(topology) ? { restartDelayMs: RESTART_DELAY_MS } : {}),
    ...startsAfter(input, zone),
    stopGraceSeconds: 30,
  }
}
