import { createHash } from 'node:crypto'
import { rm, rmdir, writeFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { ensureFolder, hasErrorCode, namesIn, syncFolder } from '@evenkeel/kernel'
import {
  type InstanceSpec,
  instanceDigest,
  isFault,
  type MachineId,
  type MachineProgram,
  type MachineProvider,
  type MachineSpec,
  machineDigest,
  type ObservedMachine,
  SubstrateFault,
} from '@evenkeel/substrate'
import { withDiskFaults } from '../disk-faults.ts'
import { freeBytesOf } from '../free-bytes.ts'
import type { Installation, LocalPaths } from '../installation/index.ts'
import {
  createInstanceHost,
  MACHINE_PROGRAM_NAMES,
  requireIdentifier,
  writeIfDifferent,
  writeInstanceFiles,
} from '../instances/index.ts'
import type { ProgramResolver } from '../program-resolver.ts'
import { requireCapacity, type TakenCapacity } from './capacity.ts'
import { whatMachinesLack } from './host-lacks.ts'
import { listMachines, machinesOf, unwrittenDiskBytes } from './machine-folders.ts'
import type { MachineNetworkOf } from './machine-network.ts'
import { isBeingRemoved, observeMachine } from './machine-observation.ts'
import { MACHINE_LAYOUT, machineGroup, machinePaths, programId, splitProgramName } from './machine-paths.ts'
import {
  downScript,
  enterScript,
  haltScript,
  type MachineFacts,
  mountsScript,
  upScript,
  waitWords,
} from './machine-scripts.ts'
import { filesOfMachine, requireMachine, requireMachineId, requireSame, toolsOfMachine } from './machine-spec.ts'
import { runUnderLock } from './run-under-lock.ts'
import { readMachine, writeMachine } from './written-machine.ts'

export interface MachineProviderOptions {
  readonly paths: LocalPaths
  readonly installation: Installation
  readonly resolver: ProgramResolver
  readonly networkOf: MachineNetworkOf
  /** Bytes that are kept free on the disk of the state folder. */
  readonly floorBytes: number
}

/** Machines as namespaces of this host, with control groups and disks of their own. */
export function createMachineProvider(options: MachineProviderOptions): MachineProvider {
  const { paths, installation, resolver, networkOf } = options
  // Every program of a machine is `sh` with the script that joins the machine.
  const programs = createInstanceHost(paths, async () => ({ file: '/bin/sh', args: [] }), {
    form: MACHINE_PROGRAM_NAMES,
  })
  const pathsOf = (id: MachineId) => machinePaths(paths, id)
  const groupOf = (id: MachineId) => machineGroup(installation.id, id)

  async function ensure(spec: MachineSpec): Promise<void> {
    requireMachine(spec)
    await requireHost()
    const own = pathsOf(spec)
    const known = await readMachine(own)
    if (await isBeingRemoved(own)) {
      throw new SubstrateFault('NotReady', `machine ${keyOf(spec)} is being removed: ask again when it is gone`)
    }
    if (known !== undefined) requireSame(known, spec)
    const facts = await factsOf(spec)
    await requireRoom(spec)
    const files = filesOfMachine(spec)
    const instances = spec.programs.map((program) => instanceOf(spec, program))
    await withDiskFaults(own.folder, async () => {
      await ensureFolder(own.folder)
      await ensureFolder(paths.images)
      // First what `observe` knows it by, so that nothing is left that nobody removes.
      await writeMachine(own, {
        cluster: spec.cluster,
        name: spec.name,
        zone: spec.zone,
        instanceType: spec.instanceType,
        resources: spec.resources,
        address: spec.address,
        digest: machineDigest(spec),
        filesDigest: files.digest,
        programs: spec.programs.map(({ name }, at) => ({ name, digest: instanceDigest(instances[at]!) })),
      })
      await writeInstanceFiles(own.files, files.all, files.digest)
      for (const [path, script] of [
        [own.halt, haltScript(facts)],
        [own.mounts, mountsScript(facts)],
        [own.up, upScript(facts)],
        [own.enter, enterScript(facts)],
      ] as const) {
        await writeIfDifferent(path, script, 0o700)
      }
    })
    await runUnderLock(own.lock, ['sh', own.up], `machine ${keyOf(spec)} cannot be made`)
    await removePrograms(spec, (program) => !spec.programs.some(({ name }) => name === program))
    for (const instance of instances) await programs.ensure(instance)
  }

  async function factsOf(spec: MachineSpec): Promise<MachineFacts> {
    return {
      paths: pathsOf(spec),
      group: groupOf(spec),
      network: await networkOf(spec, spec.address),
      hostname: spec.name,
      machineId: createHash('sha256')
        .update(`${installation.id}/${keyOf(spec)}`)
        .digest('hex')
        .slice(0, 32),
      resources: spec.resources,
      tools: await resolveTools(spec),
      images: paths.images,
    }
  }

  async function resolveTools(spec: MachineSpec): Promise<MachineFacts['tools']> {
    return await Promise.all(
      toolsOfMachine(spec).map(async (program) => {
        const { file, args } = await resolver(program)
        if (args.length === 0) return { name: program.name, file }
        throw new SubstrateFault('NotFound', `our own program ${program.name} is nothing that machines can run`)
      }),
    )
  }

  function instanceOf(spec: MachineSpec, program: MachineProgram): InstanceSpec {
    const wait = program.startsAfter === undefined ? [] : waitWords(program.startsAfter)
    const file = join(MACHINE_LAYOUT.tools, program.program.name)
    return {
      ...programId(spec, program.name),
      component: program.name,
      place: spec.zone,
      program: program.program,
      args: [pathsOf(spec).enter, ...wait, file, ...program.args],
      env: program.env,
      files: [],
      volumes: [],
      stopGraceSeconds: program.stopGraceSeconds,
    }
  }

  /** Throws NoCapacity, by what all other machines of the installation take and what the host has. */
  async function requireRoom(spec: MachineSpec): Promise<void> {
    const others: TakenCapacity[] = []
    for (const machine of await listMachines(paths)) {
      const written = await readMachine(pathsOf(machine))
      if (written === undefined || keyOf(written) === keyOf(spec)) continue
      const { memoryMib, diskGib } = written.resources
      others.push({ memoryMib, unwrittenDiskBytes: await unwrittenDiskBytes(pathsOf(machine), diskGib) })
    }
    const { diskGib } = spec.resources
    const takenBytes = diskGib * 2 ** 30 - (await unwrittenDiskBytes(pathsOf(spec), diskGib))
    requireCapacity(spec, spec.resources, {
      host: {
        cpus: availableParallelism(),
        memoryMib: Math.floor(Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / 2 ** 20),
        // What its own disk takes already is its own.
        freeDiskBytes: (await freeBytesOf(paths.home)) + takenBytes,
        floorBytes: options.floorBytes,
      },
      others,
    })
  }

  async function removePrograms(id: MachineId, isUnwanted: (program: string) => boolean): Promise<'stopping' | 'gone'> {
    const found = (await programs.observe(id.cluster)).filter(({ name }) => {
      const { machine, program } = splitProgramName(name)
      return machine === id.name && isUnwanted(program)
    })
    const answers = await Promise.all(found.map((program) => programs.remove(program)))
    return answers.includes('stopping') ? 'stopping' : 'gone'
  }

  async function remove(id: MachineId): Promise<'stopping' | 'gone'> {
    requireMachineId(id)
    const own = pathsOf(id)
    if (!(await machinesOf(paths, id.cluster)).includes(id.name) && !(await hasPrograms(id))) return 'gone'
    await ensureFolder(own.folder)
    // A full disk does not hold up an end, which is what makes room.
    await writeFile(own.removal, '').catch((error: unknown) => {
      if (!hasErrorCode(error, 'ENOSPC', 'EDQUOT')) throw error
    })
    if ((await removePrograms(id, () => true)) === 'stopping') return 'stopping'
    const machine = await readMachine(own)
    const network = machine === undefined ? undefined : await networkIfAny(id, machine.address)
    const script = downScript({ paths: own, group: groupOf(id), network })
    await runUnderLock(own.lock, ['sh', '-c', script], `machine ${keyOf(id)} cannot be removed`)
    // Last what it is known by: a removal that is cut short anywhere is taken up again.
    const known = [own.record, own.removal]
    const names = (await namesIn(own.folder)).map((name) => join(own.folder, name))
    for (const path of names.filter((name) => !known.includes(name))) await rm(path, { recursive: true, force: true })
    for (const path of [...known, own.folder]) await rm(path, { recursive: true, force: true })
    await rmdir(dirname(own.folder)).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
    })
    await syncFolder(paths.machines)
    return 'gone'
  }

  /** Where the cluster has none any more, nothing of it is left to remove. */
  async function networkIfAny(id: MachineId, address: MachineSpec['address']) {
    try {
      return await networkOf(id, address)
    } catch (error) {
      if (isFault(error)) return undefined
      throw error
    }
  }

  async function hasPrograms(id: MachineId): Promise<boolean> {
    return (await programs.observe(id.cluster)).some(({ name }) => splitProgramName(name).machine === id.name)
  }

  async function reboot(id: MachineId): Promise<void> {
    requireMachineId(id)
    const own = pathsOf(id)
    if ((await readMachine(own)) === undefined) {
      throw new SubstrateFault('NotFound', `there is no machine ${keyOf(id)} to reboot`)
    }
    // Its programs are started again by what supervises them, and the first of them makes it again.
    const script = haltScript({ paths: own, group: groupOf(id) })
    await runUnderLock(own.lock, ['sh', '-c', script], `machine ${keyOf(id)} cannot be rebooted`)
  }

  async function observe(cluster: string): Promise<readonly ObservedMachine[]> {
    requireIdentifier(cluster)
    const [folders, services] = await Promise.all([machinesOf(paths, cluster), programs.observe(cluster)])
    const owned = Map.groupBy(services, ({ name }) => splitProgramName(name).machine)
    const names = [...new Set([...folders, ...owned.keys()])].sort()
    return await Promise.all(
      names.map((name) => observeMachine(pathsOf({ cluster, name }), { cluster, name }, owned.get(name) ?? [])),
    )
  }

  return {
    traits: { runsContainers: true, canReboot: true, needsAddress: true },
    layout: () => MACHINE_LAYOUT,
    ensure,
    observe,
    reboot,
    remove,
    async clusters() {
      const folders = (await listMachines(paths)).map(({ cluster }) => cluster)
      return [...new Set([...folders, ...(await programs.clusters())])].sort()
    },
  }
}

async function requireHost(): Promise<void> {
  const lacks = await whatMachinesLack()
  if (lacks.length === 0) return
  const text = lacks.map(({ what, mend }) => `${what} (${mend})`).join('; ')
  throw new SubstrateFault('NotReady', `this host cannot have machines that run containers, it lacks: ${text}`)
}

function keyOf({ cluster, name }: MachineId): string {
  return `${cluster}/${name}`
}
