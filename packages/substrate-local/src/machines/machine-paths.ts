import { join } from 'node:path'
import type { InstanceId, MachineId, MachineLayout } from '@evenkeel/substrate'
import type { LocalPaths } from '../installation/index.ts'

/** Paths inside of every machine. */
export const MACHINE_LAYOUT: MachineLayout = {
  files: '/etc/evenkeel',
  tools: '/opt/evenkeel/bin',
  images: '/opt/evenkeel/images',
}

/** What the host has of one machine. Pure; asks no disk. */
export interface MachinePaths {
  /** Mode 0700; everything below it but what is mounted goes with it. */
  readonly folder: string
  /** What is written down of it. */
  readonly record: string
  /** Its removal has begun. */
  readonly removal: string
  /** Sparse image of its file system. */
  readonly disk: string
  /** Becomes `layout.files`. */
  readonly files: string
  /** Where its root is mounted, in its own mount namespace only. */
  readonly root: string
  /** In memory: its namespaces by name, and what else ends with them. */
  readonly namespaces: string
  /** Held while it is made or ended. */
  readonly lock: string
  /** Scripts, see `machine-scripts.ts`. */
  readonly up: string
  readonly mounts: string
  readonly halt: string
  readonly enter: string
}

export function machinePaths(paths: LocalPaths, { cluster, name }: MachineId): MachinePaths {
  const folder = join(paths.machines, cluster, name)
  return {
    folder,
    record: join(folder, 'machine.json'),
    removal: join(folder, 'removed'),
    disk: join(folder, 'disk.img'),
    files: join(folder, 'files'),
    root: join(folder, 'root'),
    namespaces: join(folder, 'namespaces'),
    lock: join(folder, 'lock'),
    up: join(folder, 'up'),
    mounts: join(folder, 'mounts'),
    halt: join(folder, 'halt'),
    enter: join(folder, 'enter'),
  }
}

/** Control group of a machine, below the root of each hierarchy: no two installations of a host meet there. */
export function machineGroup(installationId: string, { cluster, name }: MachineId): string {
  return `evenkeel-${installationId}/${cluster}/${name}`
}

/** Under which name a program of a machine is supervised and logs. */
export function programId({ cluster, name }: MachineId, program: string): InstanceId {
  return { cluster, name: `${name}.${program}` }
}

/** Inverse of `programId`. */
export function splitProgramName(name: string): { readonly machine: string; readonly program: string } {
  const [machine = '', program = ''] = name.split('.')
  return { machine, program }
}
