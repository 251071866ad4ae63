/** What a machine of a named size has. */
export interface InstanceType {
  readonly name: string
  /** Processors (vCPUs). */
  readonly cpus: number
  readonly memoryMib: number
}

/** Sizes of a family share its ratio of memory to processors, but for the small burstable ones. */
const SIZES: readonly (readonly [name: string, cpus: number, memoryGib: number])[] = [
  ['t3.nano', 2, 0.5],
  ['t3.micro', 2, 1],
  ['t3.small', 2, 2],
  ['t3.medium', 2, 4],
  ['t3.large', 2, 8],
  ['t3.xlarge', 4, 16],
  ['t3.2xlarge', 8, 32],
  ['c5.large', 2, 4],
  ['c5.xlarge', 4, 8],
  ['c5.2xlarge', 8, 16],
  ['c5.4xlarge', 16, 32],
  ['m5.large', 2, 8],
  ['m5.xlarge', 4, 16],
  ['m5.2xlarge', 8, 32],
  ['m5.4xlarge', 16, 64],
  ['r5.large', 2, 16],
  ['r5.xlarge', 4, 32],
  ['r5.2xlarge', 8, 64],
  ['r5.4xlarge', 16, 128],
]

/** Sizes of machines by EC2's names (x86_64, general families); facts of EC2's instance type pages, no more. */
export const INSTANCE_TYPES: readonly InstanceType[] = SIZES.map(([name, cpus, memoryGib]) => ({
  name,
  cpus,
  memoryMib: memoryGib * 1024,
}))

export const DEFAULT_INSTANCE_TYPE = 't3.medium'

/** Undefined where there is none of that name. */
export function instanceTypeOf(name: string): InstanceType | undefined {
  return INSTANCE_TYPES.find((type) => type.name === name)
}
