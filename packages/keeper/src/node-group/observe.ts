import { GONE, type Gone } from '@evenkeel/kernel'
import {
  type ClusterId,
  type ClusterRecords,
  type MachineSpec,
  type MachineTraits,
  machineDigest,
} from '@evenkeel/substrate'
import { parseFact } from '../control-plane/index.ts'
import {
  type NodeGroupId,
  type NodeGroupIntent,
  nodeGroupIntentRecord,
  nodeGroupRecord,
  nodeGroupsOf,
  parseNodeGroupIntent,
} from '../intent/index.ts'
import { GroupOutcome, Progress, RECORD, Roster } from './facts.ts'
import type { NodeGroupMemory } from './memory.ts'
import type { NodeBlueprint, NodeGroupPorts, ReachedCluster } from './ports.ts'
import {
  type DesiredMachine,
  machinePrefix,
  type NodeGroupSnapshot,
  type ObservedNode,
  type Obstacle,
  type PodOnNode,
  type SeenNodes,
} from './snapshot.ts'

/** `<cluster id>/<node group id>`. */
export type NodeGroupKey = string

export function nodeGroupKey(cluster: ClusterId, group: NodeGroupId): NodeGroupKey {
  return `${cluster}/${group}`
}

export function splitNodeGroupKey(key: NodeGroupKey): { readonly cluster: ClusterId; readonly group: NodeGroupId } {
  const [cluster = '', group = ''] = key.split('/')
  return { cluster, group }
}

const NO_TRAITS: MachineTraits = { runsContainers: false, canReboot: false, needsAddress: false }
const EMPTY_ROSTER: Roster = { lastNumber: 0, machines: [] }

/** One look at everything of one node group. Gone: no intent is on record. */
export async function observeNodeGroup(
  key: NodeGroupKey,
  ports: NodeGroupPorts,
  memory: NodeGroupMemory,
): Promise<NodeGroupSnapshot | Gone> {
  const { cluster, group } = splitNodeGroupKey(key)
  const { substrate, clock } = ports
  const records = await substrate.records.readAll(cluster)
  const intentName = nodeGroupIntentRecord(group)
  const intentRecord = records.get(intentName)
  if (intentRecord === undefined) {
    memory.forget(cluster, group)
    return GONE
  }
  const intent = parseNodeGroupIntent(cluster, intentName, intentRecord)
  const facts = readFacts(cluster, group, records)
  const prefix = machinePrefix(group)
  const [reached, observed] = await Promise.all([
    ports.reach(cluster, records),
    substrate.machines === undefined ? [] : substrate.machines.observe(cluster),
  ])
  const machines = new Map(observed.filter(({ name }) => name.startsWith(prefix)).map((one) => [one.name, one]))
  const nodes = await seeNodes(reached, { id: cluster, prefix, ports })
  const nowMs = clock.now()
  const traits = substrate.machines?.traits ?? NO_TRAITS
  const { roster, progress, leaves } = facts
  const versions = ports.bundleOf(progress?.releaseVersion ?? intent.spec.releaseVersion)
  const seen = {
    cluster,
    id: group,
    nowMs,
    intent,
    region: ports.region,
    zones: substrate.zones,
    outcome: facts.outcome,
    progress,
    roster,
    obstacle: obstacleOf({ reached, traits, ports }),
    traits,
    versions,
    programs: versions === undefined ? { state: 'absent' as const } : await ports.programs.observe(versions),
    machines,
    nodes,
    evictions: memory.evictions(cluster, group, nowMs),
    waitingSinceMs: memory.waiting(cluster, group, namesOfWaiting({ roster, nodes, machines }), nowMs),
    refusals: memory.refusals(cluster, group, nowMs),
  }
  return {
    ...seen,
    leavesDue: areLeavesDue({ cluster, reached, roster, leaves, traits, nowMs, ports }),
    desired: drawMachines({ cluster, intent, reached, roster, leaves, traits, ports }),
    pods: await seePods(roster, { id: cluster, reached, nodes, ports }),
  }
}

function readFacts(cluster: ClusterId, group: NodeGroupId, records: ReadonlyMap<string, string>) {
  const read = (what: string) => {
    const name = nodeGroupRecord(group, what)
    return { content: records.get(name), record: { cluster, name } }
  }
  const outcome = read(RECORD.outcome)
  const progress = read(RECORD.progress)
  const roster = read(RECORD.roster)
  return {
    outcome: outcome.content === undefined ? undefined : parseFact(GroupOutcome, outcome.content, outcome.record),
    progress: progress.content === undefined ? undefined : parseFact(Progress, progress.content, progress.record),
    roster: roster.content === undefined ? EMPTY_ROSTER : (parseFact(Roster, roster.content, roster.record) as Roster),
    leaves: read(RECORD.leaves).content,
  }
}

/** Machines of a cluster's node groups, from its records alone: for whoever has to know them before anything is observed. */
export function recordedMachines(
  cluster: ClusterId,
  records: ReadonlyMap<string, string>,
  blueprint: Pick<NodeBlueprint, 'renderBare'>,
): readonly MachineSpec[] {
  return [...nodeGroupsOf(cluster, records)].flatMap(([group, intent]) =>
    readFacts(cluster, group, records).roster.machines.map((machine) =>
      blueprint.renderBare({ cluster, group: intent, machine }),
    ),
  )
}

/** How far a group is; undefined before its first turn. */
export async function readProgress(
  cluster: ClusterId,
  group: NodeGroupId,
  records: Pick<ClusterRecords, 'read'>,
): Promise<Progress | undefined> {
  const name = nodeGroupRecord(group, RECORD.progress)
  const content = await records.read(cluster, name)
  return content === undefined ? undefined : parseFact(Progress, content, { cluster, name })
}

function obstacleOf(seen: {
  readonly reached: ReachedCluster | undefined
  readonly traits: MachineTraits
  readonly ports: NodeGroupPorts
}): Obstacle | undefined {
  const { reached, traits, ports } = seen
  if (ports.substrate.machines === undefined) {
    return { passes: false, detail: 'there are no machines here for nodes: see `evenkeel doctor` for what is missing' }
  }
  if (reached === undefined) {
    return { passes: true, detail: 'waits until the control plane of the cluster is there' }
  }
  if (traits.needsAddress && reached.network.nodes === undefined) {
    const detail = `nodes cannot reach a cluster whose network is ${reached.network.kind}: make the cluster anew where Evenkeel runs as root`
    return { passes: false, detail }
  }
  return undefined
}

async function seeNodes(
  reached: ReachedCluster | undefined,
  about: { readonly id: ClusterId; readonly prefix: string; readonly ports: NodeGroupPorts },
): Promise<SeenNodes> {
  if (reached === undefined) {
    return { known: false, why: 'the control plane of the cluster is not there yet' }
  }
  try {
    const target = { id: about.id, endpoint: reached.endpoint }
    const nodes = await about.ports.nodes.list(target, about.prefix)
    return { known: true, byName: new Map(nodes.map((node): [string, ObservedNode] => [node.name, node])) }
  } catch (error) {
    return { known: false, why: error instanceof Error ? error.message : String(error) }
  }
}

/** Only of nodes that are being drained; those that cannot be listed are absent. */
async function seePods(
  roster: Roster,
  about: {
    readonly id: ClusterId
    readonly reached: ReachedCluster | undefined
    readonly nodes: SeenNodes
    readonly ports: NodeGroupPorts
  },
): Promise<ReadonlyMap<string, readonly PodOnNode[]>> {
  const { id, reached, nodes, ports } = about
  if (reached === undefined || !nodes.known) {
    return new Map()
  }
  const names = roster.machines
    .filter(({ retiring, name }) => retiring !== undefined && nodes.byName.get(name)?.unschedulable === true)
    .map(({ name }) => name)
  const target = { id, endpoint: reached.endpoint }
  const lists = await Promise.all(
    names.map(async (name): Promise<[string, readonly PodOnNode[]] | undefined> => {
      try {
        return [name, await ports.nodes.pods(target, name)]
      } catch {
        return undefined
      }
    }),
  )
  return new Map(lists.filter((list) => list !== undefined))
}

/** What nobody can be asked about is not waited for. */
function namesOfWaiting(seen: Pick<NodeGroupSnapshot, 'roster' | 'nodes' | 'machines'>): readonly string[] {
  const { roster, nodes, machines } = seen
  if (!nodes.known) {
    return []
  }
  return roster.machines
    .map(({ name }) => name)
    .filter((name) => machines.has(name) && nodes.byName.get(name)?.ready !== true)
}

interface Drawn {
  readonly cluster: ClusterId
  readonly reached: ReachedCluster | undefined
  readonly roster: Roster
  readonly leaves: string | undefined
  readonly traits: MachineTraits
  readonly ports: NodeGroupPorts
}

function areLeavesDue(drawn: Drawn & { readonly nowMs: number }): boolean | undefined {
  const { cluster, reached, roster, leaves, traits, nowMs, ports } = drawn
  const machines = certified(roster)
  if (!traits.runsContainers || reached === undefined || machines.length === 0) {
    return undefined
  }
  return leaves === undefined || ports.blueprint.areLeavesDue({ cluster, keys: reached.keys, machines }, leaves, nowMs)
}

/** Machines that stay and have an address: those that certificates are for. */
export function certified({ machines }: Roster) {
  return machines.filter(({ retiring, address }) => retiring === undefined && address !== undefined)
}

/** Machines of a provider that runs nothing need no certificates either. */
function drawMachines(drawn: Drawn & { readonly intent: NodeGroupIntent }): ReadonlyMap<string, DesiredMachine> {
  const { cluster, intent, reached, roster, leaves = '', traits, ports } = drawn
  const desired = new Map<string, DesiredMachine>()
  for (const machine of roster.machines) {
    const versions = ports.bundleOf(machine.releaseVersion)
    const isDrawable = !traits.runsContainers || ports.blueprint.isCertified(leaves, machine.name)
    if (reached === undefined || versions === undefined || machine.retiring !== undefined || !isDrawable) {
      continue
    }
    const input = { cluster, reached, group: intent, machine, versions, leaves }
    const spec = traits.runsContainers ? ports.blueprint.render(input) : ports.blueprint.renderBare(input)
    desired.set(machine.name, { spec, digest: machineDigest(spec) })
  }
  return desired
}
