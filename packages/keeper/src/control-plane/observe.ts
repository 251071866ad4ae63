import { GONE, type Gone } from '@evenkeel/kernel'
import type { ClusterId, NetworkPlan } from '@evenkeel/substrate'
import { INTENT_RECORD, type Intent, nodeGroupsOf, parseIntent } from '../intent/index.ts'
import { Effort, Outcome, ProbeKey, parseFact, RECORD, Release } from './facts.ts'
import type { ControlPlaneMemory } from './memory.ts'
import type { AskedMember, ControlPlanePorts, RenderInput } from './ports.ts'
import {
  type ControlPlaneSnapshot,
  type DesiredControlPlane,
  type HomeAccessState,
  type Probes,
  phaseOf,
  type Topology,
} from './snapshot.ts'

/** One look at everything of one control plane. Gone: no intent is on record. */
export async function observeControlPlane(
  id: ClusterId,
  ports: ControlPlanePorts,
  memory: ControlPlaneMemory,
): Promise<ControlPlaneSnapshot | Gone> {
  const { substrate, clock, blueprint } = ports
  const records = await substrate.records.readAll(id)
  const intentRecord = records.get(INTENT_RECORD)
  if (intentRecord === undefined) {
    memory.forget(id)
    ports.prober.forget(id)
    return GONE
  }
  const intent = parseIntent(id, intentRecord)
  const facts = readFacts(id, records)
  const topology = topologyOf(intent.kind, substrate.zones)
  const [network, observedVolumes, headroomBytes, observedInstances, observedEndpoint, admitted, tokensValidUntil] =
    await Promise.all([
      claimedNetwork(id, intent.kind, { ports, memory }),
      substrate.volumes.observe(id),
      substrate.volumes.headroomBytes(),
      substrate.instances.observe(id),
      intent.kind === 'hosted' ? substrate.endpoint.observe(id) : undefined,
      ports.admission.isAdmitted(id),
      intent.kind === 'hosted' ? ports.admission.tokensValidUntil(intent.spec.creator) : undefined,
    ])
  const networkPresent = network === undefined || (await memory.networkPresent(id, network, ports))
  // After the observations: what is compared with the time may not be younger than it.
  const nowMs = clock.now()
  const { keys, leaves, release, probeKey, effort, outcome } = facts
  const input = keys === undefined || network === undefined ? undefined : { id, intent, topology, network, keys }
  const drawn =
    input === undefined || leaves === undefined || release === undefined ? undefined : { ...input, leaves, release }
  const seen = {
    id,
    nowMs,
    intent,
    effort,
    outcome,
    topology,
    release,
    offered: ports.offeredRelease(intent.kind === 'hosted' ? intent.spec.version : intent.version),
    programs: release === undefined ? { state: 'absent' as const } : await ports.programs.observe(release),
    caCertificate: keys === undefined ? undefined : blueprint.caCertificate(keys),
    leaves: input === undefined || leaves === undefined ? undefined : blueprint.examineLeaves(input, leaves, nowMs),
    network,
    networkPresent,
    desired: drawn === undefined ? undefined : memory.drawing(drawn, () => desiredOf(drawn, ports)),
    observedVolumes,
    isBelowFloor: memory.isBelowFloor(headroomBytes),
    observedInstances,
    observedEndpoint,
    instancesEnsuredMs: memory.instancesEnsuredMs(id),
    endpointEnsuredMs: memory.endpointsEnsuredMs.get(id),
    restarts: memory.restarts(id, observedInstances),
    refusals: memory.refusals(id, nowMs),
    nodeGroups: [...nodeGroupsOf(id, records).values()].map(({ spec }) => spec.nodegroupName),
    machines: await leftMachines(id, intent, ports),
    admitted,
    tokensValidUntil,
    homeAccess:
      intent.kind === 'home' && drawn !== undefined ? await observeHomeAccess(drawn, ports, memory) : undefined,
  }
  const probes = await probe(seen, { drawn, probeKey }, ports)
  if (outcome?.result === 'active' && probes !== undefined && !areAllReady(probes)) {
    memory.doubtNetwork(id)
  }
  return { ...seen, probes }
}

interface Facts {
  readonly release: Release | undefined
  readonly keys: string | undefined
  readonly leaves: string | undefined
  readonly probeKey: ProbeKey | undefined
  readonly effort: Effort | undefined
  readonly outcome: Outcome | undefined
}

function readFacts(id: ClusterId, records: ReadonlyMap<string, string>): Facts {
  const release = records.get(RECORD.release)
  const probeKey = records.get(RECORD.probeKey)
  const effort = records.get(RECORD.effort)
  const outcome = records.get(RECORD.outcome)
  const named = (name: string) => ({ cluster: id, name })
  return {
    release: release === undefined ? undefined : parseFact(Release, release, named(RECORD.release)),
    probeKey: probeKey === undefined ? undefined : parseFact(ProbeKey, probeKey, named(RECORD.probeKey)),
    effort: effort === undefined ? undefined : parseFact(Effort, effort, named(RECORD.effort)),
    outcome: outcome === undefined ? undefined : parseFact(Outcome, outcome, named(RECORD.outcome)),
    // Keys count once the probe's is there as well: they are made by one step, one after the other.
    keys: probeKey === undefined ? undefined : records.get(RECORD.keys),
    leaves: records.get(RECORD.leaves),
  }
}

/** Node groups remove their own; what is left without one is nobody's, and goes with its cluster. */
async function leftMachines(
  id: ClusterId,
  intent: Intent,
  { substrate }: ControlPlanePorts,
): Promise<readonly string[]> {
  const isDeleting = intent.kind === 'hosted' && intent.deleting
  return isDeleting ? ((await substrate.machines?.observe(id)) ?? []).map(({ name }) => name) : []
}

/** A hosted control plane: etcd in three zones, API servers in two. The home: one of each. */
export function topologyOf(kind: Intent['kind'], zones: readonly string[]): Topology {
  return kind === 'hosted'
    ? { etcdZones: zones.slice(0, 3), apiServerZones: zones.slice(0, 2) }
    : { etcdZones: zones.slice(0, 1), apiServerZones: zones.slice(0, 1) }
}

/** Asking for addresses claims them, so it is done only where they are claimed already. Those of the home always are. */
async function claimedNetwork(
  id: ClusterId,
  kind: Intent['kind'],
  { ports, memory }: { readonly ports: ControlPlanePorts; readonly memory: ControlPlaneMemory },
): Promise<NetworkPlan | undefined> {
  const { network } = ports.substrate
  return await memory.network(id, async () => {
    const isClaimed = kind === 'home' || (await network.clusters()).includes(id)
    return isClaimed ? await network.claim(id) : undefined
  })
}

/**
 * What a control plane that was ACTIVE once consists of, from its records alone; undefined for any other. For whoever has
 * to know it before anything can be observed.
 */
export function recordedControlPlane(
  id: ClusterId,
  records: ReadonlyMap<string, string>,
  ports: Pick<ControlPlanePorts, 'substrate' | 'blueprint'> & { readonly network: NetworkPlan },
): DesiredControlPlane | undefined {
  const recorded = recordedInput(id, records, ports)
  return recorded === undefined ? undefined : desiredOf(recorded.input, ports)
}

/**
 * How a control plane that was ACTIVE once is reached, from its records alone, and its keys; undefined for any other. For
 * whoever keeps something in the cluster.
 */
export function recordedEndpoint(
  id: ClusterId,
  records: ReadonlyMap<string, string>,
  ports: Pick<ControlPlanePorts, 'substrate' | 'blueprint'> & { readonly network: NetworkPlan },
): { readonly intent: Intent; readonly endpoint: AskedMember; readonly keys: string } | undefined {
  const recorded = recordedInput(id, records, ports)
  if (recorded === undefined) {
    return undefined
  }
  const { intent, input } = recorded
  return { intent, endpoint: ports.blueprint.probeTargets(input).endpoint, keys: input.keys }
}

/** What a control plane that was ACTIVE once is drawn from. */
function recordedInput(
  id: ClusterId,
  records: ReadonlyMap<string, string>,
  { substrate, network }: Pick<ControlPlanePorts, 'substrate'> & { readonly network: NetworkPlan },
): { readonly intent: Intent; readonly input: RenderInput } | undefined {
  const intentRecord = records.get(INTENT_RECORD)
  const { keys, leaves, release, outcome } = readFacts(id, records)
  const isKnown = intentRecord !== undefined && keys !== undefined && leaves !== undefined && release !== undefined
  if (outcome?.result !== 'active' || !isKnown) {
    return undefined
  }
  const intent = parseIntent(id, intentRecord)
  const topology = topologyOf(intent.kind, substrate.zones)
  return { intent, input: { id, intent, topology, network, keys, leaves, release } }
}

function desiredOf(drawn: RenderInput, ports: Pick<ControlPlanePorts, 'substrate' | 'blueprint'>): DesiredControlPlane {
  const { instances, endpoint, objects } = ports.blueprint.render(drawn)
  return {
    instances,
    volumes: instances.flatMap(({ volumes, place }) => volumes.map((name) => ({ name, zone: place }))),
    endpoint:
      endpoint === undefined ? undefined : { spec: endpoint, digest: ports.substrate.endpoint.digest(endpoint) },
    objects,
  }
}

async function observeHomeAccess(
  drawn: RenderInput,
  ports: ControlPlanePorts,
  memory: ControlPlaneMemory,
): Promise<HomeAccessState> {
  const wanted = [...ports.blueprint.homeAccessFiles(drawn)]
  const written = await Promise.all(
    wanted.map(async ([file, content]) => (await ports.homeAccess.read(file)) === content),
  )
  return { filesWritten: written.every(Boolean), rightsGranted: memory.granted.has(drawn.id) }
}

function areAllReady({ endpoint, members }: Probes): boolean {
  return endpoint.ready && Object.values(members).every(({ ready }) => ready)
}

/** Only where an answer can be expected and would be used. */
async function probe(
  seen: Omit<ControlPlaneSnapshot, 'probes'>,
  facts: { readonly drawn: RenderInput | undefined; readonly probeKey: ProbeKey | undefined },
  ports: ControlPlanePorts,
): Promise<Probes | undefined> {
  const { id, intent, observedInstances } = seen
  const { drawn, probeKey } = facts
  const phase = phaseOf(seen)
  const isAskable = (phase === 'CREATING' || phase === 'ACTIVE') && observedInstances.length > 0
  if (!isAskable || drawn === undefined || probeKey === undefined) {
    return undefined
  }
  const eksName = intent.kind === 'hosted' ? intent.spec.eksName : id
  const objects = seen.desired?.objects ?? []
  const target = { id, kind: intent.kind, eksName, probeKey, objects, ...ports.blueprint.probeTargets(drawn) }
  return await ports.prober.probe(target, phase === 'CREATING' ? 'creating' : 'keeping')
}
