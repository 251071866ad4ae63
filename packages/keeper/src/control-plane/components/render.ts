import type { EndpointSpec, InstanceSpec, Zone } from '@evenkeel/substrate'
import { renderEtcd } from './etcd.ts'
import { renderEtcdHop } from './etcd-hop.ts'
import type { ControlPlaneInput } from './input.ts'
import { renderApiServer } from './kube-apiserver.ts'
import { renderControllerManager } from './kube-controller-manager.ts'
import { renderScheduler } from './kube-scheduler.ts'
import { API_SERVER_NAME } from './leaf-plan.ts'
import { addressesOf, type ComponentName, hasHops, instanceName } from './members.ts'
import { PORTS } from './ports.ts'

/** The one rendering that is known here. Which of them a new cluster gets is in the release file of its minor. */
const PLATFORM_REVISION = 1

/**
 * SIGKILL follows SIGTERM after so many seconds where nobody takes over (`down`, delete): for `stop` and `remove` of an
 * InstanceHost. An API server would go on serving for its delay, and an etcd that loses its quorum
 * tries for 15 s to hand over; neither loses anything that it has answered for.
 */
export const QUICK_STOP_SECONDS: Readonly<Record<ComponentName, number>> = {
  'kube-controller-manager': 2,
  'kube-scheduler': 2,
  'kube-apiserver': 2,
  'etcd-hop': 1,
  etcd: 3,
}

/** Every program of a control plane but the endpoint's. Pure: equal inputs give equal specs. */
export function renderControlPlane(input: ControlPlaneInput): InstanceSpec[] {
  if (input.platformRevision !== PLATFORM_REVISION) {
    throw new Error(
      `cluster ${input.clusterId} is to be rendered as eks.${input.platformRevision}, but this release knows eks.${PLATFORM_REVISION} alone: install the release that made it`,
    )
  }
  const { etcdZones, apiServerZones } = input.topology
  return [
    ...etcdZones.map((zone) => renderEtcd(input, zone)),
    ...(hasHops(input.topology) ? apiServerZones.map((zone) => renderEtcdHop(input, zone)) : []),
    ...apiServerZones.map((zone) => renderApiServer(input, zone)),
    ...(input.kind === 'hosted'
      ? apiServerZones.flatMap((zone) => [renderControllerManager(input, zone), renderScheduler(input, zone)])
      : []),
  ]
}

/** The volumes that the instances name. */
export function controlPlaneVolumes(topology: ControlPlaneInput['topology']): { name: string; zone: Zone }[] {
  return topology.etcdZones.map((zone) => ({ name: instanceName('etcd', zone), zone }))
}

/** The cluster's one address; of the home none, since its clients reach its API server directly. */
export function controlPlaneEndpoint(
  input: Pick<ControlPlaneInput, 'clusterId' | 'kind' | 'network' | 'topology' | 'keys' | 'authenticator'>,
): EndpointSpec | undefined {
  if (input.kind === 'home') {
    return undefined
  }
  const { network, topology, keys } = input
  const { nodes } = network
  return {
    cluster: input.clusterId,
    bind: network.endpoint.bind,
    port: network.endpoint.port,
    ...(nodes === undefined
      ? {}
      : {
          alsoAt: [{ bind: nodes.endpoint.host, port: nodes.endpoint.port }],
          relays: [
            {
              name: 'authenticators',
              bind: nodes.relay.host,
              port: nodes.relay.port,
              servers: input.authenticator?.behindRelay ?? [],
            },
          ],
        }),
    backends: topology.apiServerZones.map((zone) => ({
      zone,
      host: addressesOf(network, zone).host,
      port: PORTS.apiServer,
    })),
    caCertificate: keys.authorities.cluster.certificate,
    serverName: API_SERVER_NAME,
  }
}
