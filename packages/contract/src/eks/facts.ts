import table from './generated/facts.json' with { type: 'json' }

/** One of the 70 operations of EKS, such as `CreateCluster`. */
export type OperationName = keyof typeof table.operations

export interface OperationFacts {
  readonly method: string
  /** With `{label}` for path members, named as AWS's model names them (`{name}` where the SDKs say `{clusterName}`). */
  readonly path: string
  readonly input?: string
  readonly output?: string
  /** Names of the errors that the operation declares, in AWS's order. */
  readonly errors: readonly string[]
}

/** What a value of a named shape must be, beside its kind. Bounds count characters, items or the number itself. */
export interface ShapeFacts {
  readonly type: string
  readonly enum?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** For the whole value, although AWS's model leaves the end open. */
  readonly pattern?: string
  /** Shapes of a list's items, and of a map's keys and values. */
  readonly member?: string
  readonly key?: string
  readonly value?: string
}

interface StructureFacts {
  readonly required?: readonly string[]
  /** Shape of each member that has facts of its own. */
  readonly members: Readonly<Record<string, string>>
}

const structures: Readonly<Record<string, StructureFacts>> = table.structures
const shapes: Readonly<Record<string, ShapeFacts>> = table.shapes

/** Which release of AWS's model the facts are of. */
export const FACTS_SOURCE: { readonly botocore: string; readonly model: string } = table.source

/** All operations by name. */
export const OPERATION_NAMES = Object.keys(table.operations).sort() as readonly OperationName[]

export function operationFacts(operation: OperationName): OperationFacts {
  return table.operations[operation]
}

/** Names of the members that a structure cannot be without. */
export function requiredMembers(structure: string): readonly string[] {
  return ownEntry(structures, structure)?.required ?? []
}

/** The shape that a member is bound to, where facts say more than the member's kind. */
export function memberShape(structure: string, member: string): string | undefined {
  const facts = ownEntry(structures, structure)
  return facts && ownEntry(facts.members, member)
}

export function shapeFacts(shape: string): ShapeFacts | undefined {
  return ownEntry(shapes, shape)
}

const patterns = new Map<string, RegExp>()

/** Whether the whole of `value` matches the pattern. */
export function matchesPattern(pattern: string, value: string): boolean {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    compiled = new RegExp(`^(?:${pattern})$`, 'u')
    patterns.set(pattern, compiled)
  }
  return compiled.test(value)
}

function ownEntry<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
