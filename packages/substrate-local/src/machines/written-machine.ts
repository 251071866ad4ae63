import { readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'
import type { MachineId, MachineResources, NodeAddress, Zone } from '@evenkeel/substrate'
import type { MachinePaths } from './machine-paths.ts'

/** What is kept of a spec: the facts that never change, what it takes, and by what to know that all of it is written. */
export interface WrittenMachine extends MachineId {
  readonly zone: Zone
  readonly instanceType: string
  readonly resources: MachineResources
  readonly address: NodeAddress
  /** `machineDigest`. */
  readonly digest: string
  /** Of the files of all programs. */
  readonly filesDigest: string
  /** In the order of the spec, each with the digest of its service. */
  readonly programs: readonly { readonly name: string; readonly digest: string }[]
}

/** By rename, and on disk when it returns: the first trace of a machine, and the last but its folder. */
export async function writeMachine(paths: MachinePaths, machine: WrittenMachine): Promise<void> {
  await writeFileAtomic(paths.record, `${JSON.stringify(machine)}\n`, { durable: true })
}

/** Undefined where none is written down; one that cannot be read was cut short while it was removed. */
export async function readMachine(paths: MachinePaths): Promise<WrittenMachine | undefined> {
  const text = await readFileIfThere(paths.record)
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text) as Partial<WrittenMachine> | null
    const isWhole =
      typeof value?.cluster === 'string' &&
      typeof value.name === 'string' &&
      typeof value.zone === 'string' &&
      typeof value.instanceType === 'string' &&
      typeof value.address?.host === 'string' &&
      typeof value.resources?.diskGib === 'number' &&
      typeof value.digest === 'string' &&
      Array.isArray(value.programs)
    return isWhole ? (value as WrittenMachine) : undefined
  } catch {
    return undefined
  }
}
