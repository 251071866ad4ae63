import { type MachineId, type MachineResources, SubstrateFault } from '@evenkeel/substrate'

/** What there is for machines. */
export interface HostCapacity {
  readonly cpus: number
  readonly memoryMib: number
  /** Free on the disk of the state folder. */
  readonly freeDiskBytes: number
  /** Kept free for everything else. */
  readonly floorBytes: number
}

/** What a machine that is there may still take. */
export interface TakenCapacity {
  readonly memoryMib: number
  /** Of its disk, what no block was written to yet. */
  readonly unwrittenDiskBytes: number
}

const GIB = 2 ** 30

/**
 * Throws NoCapacity where a machine would be promised what is not there. Processors are shared, as EC2's small types share
 * theirs, but no machine has more than the host; memory and disk are promised once. Pure.
 */
export function requireCapacity(
  { cluster, name }: MachineId,
  wanted: MachineResources,
  { host, others }: { readonly host: HostCapacity; readonly others: readonly TakenCapacity[] },
): void {
  const refuse = (why: string) => new SubstrateFault('NoCapacity', `no room for machine ${cluster}/${name}: ${why}`)
  if (wanted.cpus > host.cpus) {
    throw refuse(`it takes ${wanted.cpus} processors, and this host has ${host.cpus}; choose a smaller instance type`)
  }
  const memory = others.reduce((sum, { memoryMib }) => sum + memoryMib, 0)
  if (memory + wanted.memoryMib > host.memoryMib) {
    throw refuse(
      `it takes ${wanted.memoryMib} MiB of memory, and ${Math.max(0, host.memoryMib - memory)} of the ${host.memoryMib} MiB of this host are not promised to other machines; choose a smaller instance type`,
    )
  }
  const unwritten = others.reduce((sum, { unwrittenDiskBytes }) => sum + unwrittenDiskBytes, 0)
  const left = host.freeDiskBytes - host.floorBytes - unwritten
  if (wanted.diskGib * GIB > left) {
    throw refuse(
      `it takes a disk of ${wanted.diskGib} GiB, and ${inGib(Math.max(0, left))} GiB are left: ${inGib(host.freeDiskBytes)} are free, ${inGib(host.floorBytes)} of them are kept and ${inGib(unwritten)} are promised to other machines; free some, or choose a smaller disk`,
    )
  }
}

function inGib(bytes: number): string {
  return `${Math.floor((bytes / GIB) * 10) / 10}`
}
