import { createHash } from 'node:crypto'
import {
  type InstanceFile,
  type MachineId,
  type MachineSpec,
  type ProgramRef,
  SubstrateFault,
} from '@evenkeel/substrate'
import { requireIdentifier, requirePlace } from '../instances/index.ts'
import type { WrittenMachine } from './written-machine.ts'

/** Ids and names become parts of paths. */
export function requireMachineId({ cluster, name }: MachineId): void {
  for (const part of [cluster, name]) requireIdentifier(part)
}

/** Throws where no machine can be made of a spec, whatever the host has. */
export function requireMachine(spec: MachineSpec): void {
  const { name, zone, resources, programs } = spec
  requireMachineId(spec)
  requirePlace(zone)
  for (const program of programs) {
    requireIdentifier(program.name)
    if (program.name === 'log') throw new Error('no program of a machine can be named log: loggers have that name')
  }
  const names = programs.map((program) => program.name)
  if (new Set(names).size !== names.length) throw new Error(`machine ${name} has two programs of one name`)
  for (const [resource, amount] of Object.entries(resources)) {
    if (!Number.isSafeInteger(amount) || amount < 1) {
      throw new Error(`machine ${name} cannot have ${amount} ${resource}: a whole number, at least 1`)
    }
  }
}

/** Throws Conflict where a machine differs from what is there in what never changes. */
export function requireSame(known: WrittenMachine, spec: MachineSpec): void {
  const facts = ({ zone, instanceType, address }: Pick<MachineSpec, 'zone' | 'instanceType' | 'address'>) =>
    `zone ${zone}, type ${instanceType}, address ${address.host}, pods ${address.podCidr}`
  if (facts(known) === facts(spec)) return
  throw new SubstrateFault(
    'Conflict',
    `machine ${spec.cluster}/${spec.name} is there with ${facts(known)}, not with ${facts(spec)}: remove it first`,
  )
}

/** Files of all programs, which are in one folder, and a digest of them. Throws where two differ that have one path. */
export function filesOfMachine(spec: MachineSpec): { readonly all: readonly InstanceFile[]; readonly digest: string } {
  const byPath = new Map<string, InstanceFile>()
  for (const file of spec.programs.flatMap(({ files }) => files)) {
    const known = byPath.get(file.path)
    if (known !== undefined && known.content !== file.content) {
      throw new Error(`machine ${spec.name} has two files ${file.path} that differ`)
    }
    byPath.set(file.path, file)
  }
  const all = [...byPath.values()]
  const text = JSON.stringify(all.map(({ path, content }) => [path, content]).sort())
  return { all, digest: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}

/** Tools and programs, each once. Throws where two have one name and differ: they would be at one path. */
export function toolsOfMachine(spec: MachineSpec): readonly ProgramRef[] {
  const byName = new Map<string, ProgramRef>()
  for (const program of [...spec.tools, ...spec.programs.map((each) => each.program)]) {
    const known = byName.get(program.name)
    if (known !== undefined && known.version !== program.version) {
      throw new Error(`machine ${spec.name} has ${program.name} in two versions: ${known.version}, ${program.version}`)
    }
    byName.set(program.name, program)
  }
  return [...byName.values()]
}
