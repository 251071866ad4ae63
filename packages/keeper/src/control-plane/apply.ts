import { randomBytes } from 'node:crypto'
import type { StepOutcome } from '@evenkeel/kernel'
import { type ClusterId, isFault, type SubstrateFault } from '@evenkeel/substrate'
import { INTENT_RECORD, parseIntent } from '../intent/index.ts'
import { type ProbeKey, parseFact, RECORD, Release, serializeFact } from './facts.ts'
import type { ControlPlaneMemory } from './memory.ts'
import { topologyOf } from './observe.ts'
import type { BlueprintInput, ControlPlanePorts, RenderInput } from './ports.ts'
import { type Step, subjectOf } from './steps.ts'

/** Does one step. What the substrate refuses is an answer, remembered for the next look; the rest is thrown. */
export async function applyStep(
  step: Step,
  ports: ControlPlanePorts,
  memory: ControlPlaneMemory,
): Promise<StepOutcome> {
  const subject = subjectOf(step)
  try {
    const outcome = await doStep(step, ports, memory)
    memory.succeeded(step.cluster, { step: step.kind, subject })
    return outcome
  } catch (error) {
    if (!isFault(error)) {
      throw error
    }
    const { code, message } = error
    memory.refused(step.cluster, { step: step.kind, subject, code, message }, ports.clock.now())
    return refusal(error)
  }
}

const DONE: StepOutcome = { ok: true }

async function doStep(step: Step, ports: ControlPlanePorts, memory: ControlPlaneMemory): Promise<StepOutcome> {
  const { substrate, clock } = ports
  const { cluster } = step
  switch (step.kind) {
    case 'RecordRelease':
      await substrate.records.writeOnce(cluster, RECORD.release, serializeFact(step.release))
      return DONE
    case 'AddKeys':
      await addKeys(cluster, ports)
      return DONE
    case 'ClaimNetwork':
      await substrate.network.claim(cluster)
      return DONE
    case 'EnsureNetwork':
      await substrate.network.ensure(cluster)
      memory.networkEnsured(cluster, clock.now())
      return DONE
    case 'RecordLeaves':
      await recordLeaves(cluster, ports)
      ports.admission.wake(cluster)
      return DONE
    case 'RequestPrograms':
      ports.programs.request(step.release)
      return DONE
    case 'EnsureVolume':
      await substrate.volumes.ensure(step.volume)
      return DONE
    case 'EnsureInstance':
      await substrate.instances.ensure(step.instance)
      memory.instanceEnsured(cluster, step.instance.name, clock.now())
      return DONE
    case 'EnsureEndpoint':
      await substrate.endpoint.ensure(step.endpoint)
      memory.endpointsEnsuredMs.set(cluster, clock.now())
      return DONE
    case 'RestartInstance': {
      const { instance, pid } = step
      // Before the signal: one too many remembered costs a wait, one too few a second signal.
      memory.restarted(cluster, { name: instance.name, pid, sinceMs: clock.now() })
      await substrate.instances.restart(instance, pid)
      return DONE
    }
    case 'WriteHomeAccess':
      await writeHomeAccess(cluster, ports)
      return DONE
    case 'GrantHomeRights':
      await ports.homeAccess.grantRights()
      memory.granted.add(cluster)
      return DONE
    case 'WriteObjects':
      await writeObjects(step, ports)
      return DONE
    case 'RecordEffort':
      await substrate.records.write(cluster, RECORD.effort, serializeFact(step.effort))
      return DONE
    case 'RecordOutcome':
      await substrate.records.writeOnce(cluster, RECORD.outcome, serializeFact(step.outcome))
      return DONE
    case 'StopInstance':
      return ended(await substrate.instances.stop(step.instance, { graceSeconds: step.graceSeconds }), step)
    case 'RemoveInstance':
      return ended(await substrate.instances.remove(step.instance, { graceSeconds: step.graceSeconds }), step)
    case 'RemoveMachine': {
      const { machines } = substrate
      return machines === undefined ? DONE : ended(await machines.remove({ cluster, name: step.machine }), step)
    }
    case 'RemoveEndpoint':
      return ended(await substrate.endpoint.remove(cluster), step)
    case 'RemoveVolumes':
      await substrate.volumes.remove(cluster)
      return DONE
    case 'ReleaseNetwork':
      memory.networkReleased(cluster)
      await substrate.network.release(cluster)
      return DONE
    case 'RemoveRecords':
      await substrate.records.remove(cluster)
      ports.released(cluster, step.object)
      return DONE
  }
}

function ended(answer: 'stopping' | 'gone', step: Step): StepOutcome {
  return answer === 'gone'
    ? DONE
    : { ok: false, reason: 'Stopping', detail: `${subjectOf(step)} is ending`, retry: 'soon' }
}

/** A fault that passes by itself within moments is met again soon; others as often as is polite. */
function refusal(fault: SubstrateFault): StepOutcome {
  return {
    ok: false,
    reason: fault.code,
    detail: fault.message,
    retry: fault.code === 'NotReady' || fault.code === 'Conflict' ? 'soon' : 'backoff',
  }
}

/** The probe's key last: it being there says that all are. */
async function addKeys(cluster: ClusterId, ports: ControlPlanePorts): Promise<void> {
  const { records } = ports.substrate
  const intent = await readIntent(cluster, ports)
  const keys = await ports.blueprint.makeKeys({ id: cluster, intent, nowMs: ports.clock.now() })
  await records.writeOnce(cluster, RECORD.keys, keys)
  const probeKey: ProbeKey = {
    accessKeyId: `EVKP${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  }
  await records.writeOnce(cluster, RECORD.probeKey, serializeFact(probeKey))
}

async function recordLeaves(cluster: ClusterId, ports: ControlPlanePorts): Promise<void> {
  const input = await blueprintInput(cluster, ports)
  const recorded = await ports.substrate.records.read(cluster, RECORD.leaves)
  const leaves = await ports.blueprint.issueLeaves(input, recorded, ports.clock.now())
  await ports.substrate.records.write(cluster, RECORD.leaves, leaves)
}

async function writeHomeAccess(cluster: ClusterId, ports: ControlPlanePorts): Promise<void> {
  for (const [file, content] of ports.blueprint.homeAccessFiles(await renderInput(cluster, ports))) {
    await ports.homeAccess.write(file, content)
  }
}

async function writeObjects(
  { cluster, objects }: Extract<Step, { kind: 'WriteObjects' }>,
  ports: ControlPlanePorts,
): Promise<void> {
  const { endpoint } = ports.blueprint.probeTargets(await renderInput(cluster, ports))
  await ports.objects.write(endpoint, objects)
}

async function renderInput(cluster: ClusterId, ports: ControlPlanePorts): Promise<RenderInput> {
  const input = await blueprintInput(cluster, ports)
  const leaves = await requireRecord(cluster, RECORD.leaves, ports)
  const record = { cluster, name: RECORD.release }
  const release = parseFact(Release, await requireRecord(cluster, RECORD.release, ports), record)
  return { ...input, leaves, release }
}

async function blueprintInput(cluster: ClusterId, ports: ControlPlanePorts): Promise<BlueprintInput> {
  const { substrate } = ports
  const intent = await readIntent(cluster, ports)
  const keys = await requireRecord(cluster, RECORD.keys, ports)
  const network = await substrate.network.claim(cluster)
  return { id: cluster, intent, topology: topologyOf(intent.kind, substrate.zones), network, keys }
}

async function readIntent(cluster: ClusterId, ports: ControlPlanePorts) {
  return parseIntent(cluster, await requireRecord(cluster, INTENT_RECORD, ports))
}

async function requireRecord(cluster: ClusterId, name: string, ports: ControlPlanePorts): Promise<string> {
  const content = await ports.substrate.records.read(cluster, name)
  if (content === undefined) {
    throw new Error(`record ${cluster}/${name} has vanished between two steps: it is looked for again at the next turn`)
  }
  return content
}
