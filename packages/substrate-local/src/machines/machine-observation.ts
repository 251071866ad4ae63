import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode, readFileIfThere } from '@evenkeel/kernel'
import type { MachineId, ObservedInstance, ObservedMachine } from '@evenkeel/substrate'
import { readFilesDigest } from '../instances/index.ts'
import { type MachinePaths, splitProgramName } from './machine-paths.ts'
import { readMachine, type WrittenMachine } from './written-machine.ts'

const UNKNOWN_ZONE = ''
const UNKNOWN_TYPE = 'unknown'

export async function isBeingRemoved(paths: MachinePaths): Promise<boolean> {
  return (await readFileIfThere(paths.removal)) !== undefined
}

/** The port's view of one machine, of its folder and of the services of its programs. */
export async function observeMachine(
  paths: MachinePaths,
  id: MachineId,
  services: readonly ObservedInstance[],
): Promise<ObservedMachine> {
  const [written, isRemoved, filesDigest, isMade] = await Promise.all([
    readMachine(paths),
    isBeingRemoved(paths),
    readFilesDigest(paths.files),
    readFileIfThere(join(paths.namespaces, 'ready')).then((ready) => ready !== undefined),
  ])
  const found = new Map(services.map((service) => [splitProgramName(service.name).program, service]))
  const names = written?.programs.map(({ name }) => name) ?? [...found.keys()]
  const programs = names.map((name) => observeProgram(name, found.get(name)))
  return {
    ...id,
    zone: written?.zone ?? services[0]?.place ?? UNKNOWN_ZONE,
    instanceType: written?.instanceType ?? UNKNOWN_TYPE,
    state: isRemoved ? 'stopping' : stateOf(programs, isMade),
    digest: written !== undefined && isWhole(written, found, filesDigest) ? written.digest : '',
    programs,
  }
}

function isWhole(
  written: WrittenMachine,
  found: ReadonlyMap<string, ObservedInstance>,
  filesDigest: string | undefined,
): boolean {
  const areServicesWritten = written.programs.every(({ name, digest }) => found.get(name)?.writtenDigest === digest)
  return areServicesWritten && filesDigest === written.filesDigest
}

type ObservedProgram = ObservedMachine['programs'][number]

function observeProgram(name: string, service: ObservedInstance | undefined): ObservedProgram {
  // One without a service is started by nobody.
  if (service === undefined) return { name, state: 'stopped' }
  const { pid, state } = service
  if (pid === undefined) return { name, state }
  // Until it has joined its machine it is only on its way there.
  return isInMachine(pid) ? { name, state, pid } : { name, state: 'starting' }
}

function stateOf(programs: readonly ObservedProgram[], isMade: boolean): ObservedMachine['state'] {
  if (isMade && programs.every(({ pid }) => pid !== undefined)) return 'running'
  const isStopped = programs.every(({ pid }) => pid === undefined) && programs.some(({ state }) => state === 'stopped')
  return isStopped ? 'stopped' : 'booting'
}

/** Whether a process is in another mount namespace than ours. */
function isInMachine(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt')
  } catch (error) {
    // EACCES: who may not look into it is not root, and sees it as its supervisor does.
    if (hasErrorCode(error, 'EACCES', 'EPERM')) return true
    if (hasErrorCode(error, 'ENOENT', 'ESRCH')) return false
    throw error
  }
}
