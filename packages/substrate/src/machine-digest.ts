import { digest, oncePerSpec, sortedVariables } from './digest.ts'
import type { MachineSpec } from './machine-provider.ts'

/** Changes with whatever is written down of a machine: what it offers, what it runs, and any file of that. */
export const machineDigest = oncePerSpec<MachineSpec>((spec) => {
  const { zone, instanceType, resources, address, tools } = spec
  const programs = spec.programs.map(({ name, program, args, env, files, startsAfter, stopGraceSeconds }) => [
    [name, program.name, program.version, args, sortedVariables(env), stopGraceSeconds],
    files.map(({ path, content }) => [path, content]).sort(),
    startsAfter === undefined ? [] : [startsAfter.socket, startsAfter.atMostSeconds],
  ])
  return digest([
    [zone, instanceType, address.host, address.podCidr],
    [resources.cpus, resources.memoryMib, resources.diskGib],
    tools.map(({ name, version }) => [name, version]).sort(),
    programs,
  ])
})
