import type { ClusterId, EndpointSpec, InstanceSpec, MachineProvider, Substrate, VolumeSpec } from '@evenkeel/substrate'
import type { ActingKeeperPorts } from './acting-keeper.ts'
import { type Prober, type Programs, RECORD, recordedControlPlane, SimulatedProber } from './control-plane/index.ts'
import { type NodePrograms, recordedMachines, SimulatedNodeApi } from './node-group/index.ts'

/** Where hosted clusters are simulated, and forgotten with the process. */
export interface HostedSimulation extends Pick<Substrate, 'volumes' | 'network' | 'endpoint'> {
  readonly instances: Substrate['instances'] & { isReady(cluster: ClusterId, name: string): boolean }
  readonly machines: MachineProvider
  /** Puts a control plane there as if everything of it had been made and started long ago. */
  settle(controlPlane: {
    readonly cluster: ClusterId
    readonly volumes: readonly Omit<VolumeSpec, 'cluster'>[]
    readonly instances: readonly InstanceSpec[]
    readonly endpoint: EndpointSpec | undefined
  }): Promise<void>
}

type CellPorts = Pick<
  ActingKeeperPorts,
  'substrate' | 'clock' | 'blueprint' | 'prober' | 'programs' | 'nodes' | 'nodePrograms' | 'nodeBlueprint'
>

export interface SimulatedCellOptions {
  readonly hosted: HostedSimulation
  /** What is not simulated: the home, and our own programs. */
  readonly own: ReadonlySet<ClusterId>
}

/**
 * The ports of a cell in which hosted clusters are simulated. Records are as real as ever, so a keeper that takes over
 * knows which clusters were ACTIVE: it finds them settled, as it would find real ones that went on without a keeper.
 */
export async function simulatedCell<Ports extends CellPorts>(
  ports: Ports,
  { hosted, own }: SimulatedCellOptions,
): Promise<Ports> {
  const substrate = splitSubstrate(ports.substrate, hosted, own)
  const { records } = substrate
  for (const id of await records.clusters()) {
    if (!own.has(id)) await settle(id, { ...ports, hosted, substrate })
  }
  return {
    ...ports,
    substrate,
    prober: splitProber(ports.prober, new SimulatedProber({ clock: ports.clock, substrate: hosted })),
    programs: NONE_NEEDED,
    nodes: new SimulatedNodeApi(hosted.machines),
    nodePrograms: NONE_NEEDED,
  }
}

/** Nobody starts the programs of a hosted cluster, and those of the home were brought by whoever started it. */
const NONE_NEEDED: Programs & NodePrograms = { observe: async () => ({ state: 'present' }), request: () => {} }

async function settle(
  id: ClusterId,
  ports: Pick<CellPorts, 'substrate' | 'blueprint' | 'nodeBlueprint'> & { readonly hosted: HostedSimulation },
): Promise<void> {
  const { hosted, substrate } = ports
  const records = await substrate.records.readAll(id)
  // Addresses are in the certificates, so they were claimed before these were made.
  if (!records.has(RECORD.leaves)) return
  const network = await hosted.network.claim(id)
  const recorded = recordedControlPlane(id, records, { ...ports, network })
  if (recorded !== undefined) await hosted.settle({ ...recorded, cluster: id, endpoint: recorded.endpoint?.spec })
  // They boot once more, under their names.
  for (const machine of recordedMachines(id, records, ports.nodeBlueprint)) await hosted.machines.ensure(machine)
}

function splitProber(ownProber: Prober, hostedProber: Prober): Prober {
  return {
    probe: (target, pace) => (target.kind === 'home' ? ownProber : hostedProber).probe(target, pace),
    forget(id) {
      ownProber.forget(id)
      hostedProber.forget(id)
    },
  }
}

/** Each cluster on its substrate; who acts, and what is on record, is real for all. */
function splitSubstrate(real: Substrate, hosted: HostedSimulation, own: ReadonlySet<ClusterId>): Substrate {
  const placeOf = (cluster: ClusterId): Pick<Substrate, 'instances' | 'volumes' | 'network' | 'endpoint'> =>
    own.has(cluster) ? real : hosted
  const all = async (port: 'instances' | 'volumes' | 'network') => [
    ...(await real[port].clusters()),
    ...(await hosted[port].clusters()),
  ]
  return {
    ...real,
    instances: {
      layout: (id) => placeOf(id.cluster).instances.layout(id),
      ensure: (spec) => placeOf(spec.cluster).instances.ensure(spec),
      restart: (id, pid) => placeOf(id.cluster).instances.restart(id, pid),
      stop: (id, options) => placeOf(id.cluster).instances.stop(id, options),
      remove: (id, options) => placeOf(id.cluster).instances.remove(id, options),
      observe: (cluster) => placeOf(cluster).instances.observe(cluster),
      clusters: () => all('instances'),
    },
    volumes: {
      ensure: (spec) => placeOf(spec.cluster).volumes.ensure(spec),
      observe: (cluster) => placeOf(cluster).volumes.observe(cluster),
      remove: (cluster) => placeOf(cluster).volumes.remove(cluster),
      clusters: () => all('volumes'),
      headroomBytes: () => real.volumes.headroomBytes(),
    },
    network: {
      claim: (cluster) => placeOf(cluster).network.claim(cluster),
      release: (cluster) => placeOf(cluster).network.release(cluster),
      clusters: () => all('network'),
      ensure: (cluster) => placeOf(cluster).network.ensure(cluster),
      isPresent: (cluster) => placeOf(cluster).network.isPresent(cluster),
      claimNode: (cluster, node) => placeOf(cluster).network.claimNode(cluster, node),
      releaseNode: (cluster, node) => placeOf(cluster).network.releaseNode(cluster, node),
    },
    machines: hosted.machines,
    endpoint: {
      ensure: (spec) => placeOf(spec.cluster).endpoint.ensure(spec),
      observe: (cluster) => placeOf(cluster).endpoint.observe(cluster),
      digest: (spec) => placeOf(spec.cluster).endpoint.digest(spec),
      remove: (cluster) => placeOf(cluster).endpoint.remove(cluster),
    },
  }
}
