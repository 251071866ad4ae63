import type { StepOutcome } from '@evenkeel/kernel'
import { isConflict, isNotFound, isUnavailable } from '@evenkeel/kernel'
import { isFault, type MachineProvider } from '@evenkeel/substrate'
import { parseFact, serializeFact } from '../control-plane/index.ts'
import { nodeGroupIntentRecord, nodeGroupRecord } from '../intent/index.ts'
import { RECORD, Roster, type RosterMachine } from './facts.ts'
import type { NodeGroupMemory } from './memory.ts'
import { certified } from './observe.ts'
import type { NodeApiTarget, NodeGroupPorts } from './ports.ts'
import { podKey } from './snapshot.ts'
import { type GroupStep, type Of, subjectOf } from './steps.ts'

/** Does one step. What substrate or cluster refuse is an answer, remembered for the next look; the rest is thrown. */
export async function applyGroupStep(
  step: GroupStep,
  ports: NodeGroupPorts,
  memory: NodeGroupMemory,
): Promise<StepOutcome> {
  const subject = subjectOf(step)
  try {
    const outcome = await doStep(step, ports, memory)
    memory.succeeded(step, step.kind, subject)
    return outcome
  } catch (error) {
    if (isFault(error)) {
      const { code, message } = error
      memory.refused(step, { step: step.kind, subject, code, message }, ports.clock.now())
      return { ok: false, reason: code, detail: message, retry: code === 'NotReady' ? 'soon' : 'backoff' }
    }
    const detail = error instanceof Error ? error.message : String(error)
    if (isConflict(error)) {
      return { ok: false, reason: 'Conflict', detail, retry: 'soon' }
    }
    if (isUnavailable(error)) {
      return { ok: false, reason: 'ClusterUnreachable', detail, retry: 'backoff' }
    }
    throw error
  }
}

const DONE: StepOutcome = { ok: true }

async function doStep(step: GroupStep, ports: NodeGroupPorts, memory: NodeGroupMemory): Promise<StepOutcome> {
  const { records } = ports.substrate
  const { cluster, group } = step
  const write = async (what: string, content: unknown) =>
    await records.write(cluster, nodeGroupRecord(group, what), serializeFact(content))
  switch (step.kind) {
    case 'RecordProgress':
      await write(RECORD.progress, step.progress)
      return DONE
    case 'RecordRoster':
      await write(RECORD.roster, step.roster)
      return DONE
    case 'RecordOutcome':
      await records.writeOnce(cluster, nodeGroupRecord(group, RECORD.outcome), serializeFact(step.outcome))
      return DONE
    case 'RequestPrograms':
      ports.programs.request(step.versions)
      return DONE
    case 'ClaimAddresses':
      await claimAddresses(step, step.machines, ports)
      return DONE
    case 'RecordLeaves':
      await recordLeaves(step, ports)
      return DONE
    case 'EnsureMachine':
      await provider(ports).ensure(step.spec)
      return DONE
    case 'RemoveMachine':
      return (await provider(ports).remove({ cluster, name: step.machine })) === 'gone'
        ? DONE
        : { ok: false, reason: 'Stopping', detail: `${step.machine} is ending`, retry: 'soon' }
    case 'PatchNode':
      await ifThere(async () => {
        const { node, resourceVersion, patch } = step
        await ports.nodes.patch(await target(step, ports), { name: node, resourceVersion }, patch)
      })
      return DONE
    case 'EvictPod': {
      const atMs = ports.clock.now()
      const { refused } = await ports.nodes.evict(await target(step, ports), step.pod)
      memory.evicted(step, podKey(step.pod), refused === undefined ? { atMs } : { atMs, refused })
      return DONE
    }
    case 'DeleteNode':
      await ifThere(async () => ports.nodes.delete(await target(step, ports), step.node))
      return DONE
    case 'StrikeMachine':
      await strike(step, step.machine, ports)
      return DONE
    case 'RemoveRecords':
      for (const what of Object.values(RECORD)) {
        await records.erase(cluster, nodeGroupRecord(group, what))
      }
      // Last: as long as it is there, removal can be taken up again.
      await records.erase(cluster, nodeGroupIntentRecord(group))
      memory.forget(cluster, group)
      ports.released(cluster, group, step.object)
      return DONE
  }
}

function provider({ substrate }: NodeGroupPorts): MachineProvider {
  if (substrate.machines === undefined) {
    throw new Error('a step needs machines, and the substrate has none: plans make no such step')
  }
  return substrate.machines
}

async function ifThere(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!isNotFound(error)) {
      throw error
    }
  }
}

async function target({ cluster }: Of, ports: NodeGroupPorts): Promise<NodeApiTarget> {
  const { endpoint } = await reachNow(cluster, ports)
  return { id: cluster, endpoint }
}

async function reachNow(cluster: string, ports: NodeGroupPorts) {
  const reached = await ports.reach(cluster, await ports.substrate.records.readAll(cluster))
  if (reached === undefined) {
    throw new Error(`records of cluster ${cluster} have vanished between two steps: they are looked for again`)
  }
  return reached
}

async function readRoster({ cluster, group }: Of, ports: NodeGroupPorts): Promise<Roster> {
  const name = nodeGroupRecord(group, RECORD.roster)
  const content = await ports.substrate.records.read(cluster, name)
  return content === undefined
    ? { lastNumber: 0, machines: [] }
    : (parseFact(Roster, content, { cluster, name }) as Roster)
}

async function writeRoster(of: Of, machines: readonly RosterMachine[], ports: NodeGroupPorts): Promise<void> {
  const { lastNumber } = await readRoster(of, ports)
  const name = nodeGroupRecord(of.group, RECORD.roster)
  await ports.substrate.records.write(of.cluster, name, serializeFact({ lastNumber, machines }))
}

/** An address is the same whenever it is asked for, so a claim that was not written down is claimed once more. */
async function claimAddresses(of: Of, names: readonly string[], ports: NodeGroupPorts): Promise<void> {
  const { machines } = await readRoster(of, ports)
  const claimed: RosterMachine[] = []
  for (const machine of machines) {
    const isMeant = machine.address === undefined && names.includes(machine.name)
    const address = isMeant ? await ports.substrate.network.claimNode(of.cluster, machine.name) : machine.address
    claimed.push(address === undefined ? machine : { ...machine, address })
  }
  await writeRoster(of, claimed, ports)
}

async function recordLeaves(of: Of, ports: NodeGroupPorts): Promise<void> {
  const { cluster, group } = of
  const { keys } = await reachNow(cluster, ports)
  const name = nodeGroupRecord(group, RECORD.leaves)
  const recorded = await ports.substrate.records.read(cluster, name)
  const machines = certified(await readRoster(of, ports))
  const leaves = await ports.blueprint.issueLeaves({ cluster, keys, machines }, recorded, ports.clock.now())
  await ports.substrate.records.write(cluster, name, leaves)
}

async function strike(of: Of, name: string, ports: NodeGroupPorts): Promise<void> {
  const { machines } = await readRoster(of, ports)
  if (machines.some((machine) => machine.name === name && machine.address !== undefined)) {
    await ports.substrate.network.releaseNode(of.cluster, name)
  }
  await writeRoster(
    of,
    machines.filter((machine) => machine.name !== name),
    ports,
  )
}
