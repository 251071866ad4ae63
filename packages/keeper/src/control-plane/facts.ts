import Type from 'typebox'
import { Compile, type Validator } from 'typebox/compile'

/** Names of the records of one cluster that this slice owns. */
export const RECORD = {
  release: 'release.json',
  keys: 'keys.json',
  leaves: 'leaves.json',
  probeKey: 'probe-key.json',
  effort: 'effort.json',
  outcome: 'outcome.json',
} as const

/** Exact versions of what runs, chosen once and kept: a new keeper does not change what a cluster runs. */
export const Release = Type.Object({
  /** `v1.37.2`. */
  kubernetes: Type.String({ pattern: '^v[0-9]' }),
  /** `v3.7.3`. */
  etcd: Type.String({ pattern: '^v[0-9]' }),
  /** Which rendering of the control plane: 1 is EKS's `eks.1`. */
  platformRevision: Type.Integer({ minimum: 1 }),
})
export type Release = Type.Static<typeof Release>

/** A signing identity of the keeper alone, known to the authenticators for this one cluster: it proves the token path. */
export const ProbeKey = Type.Object({
  accessKeyId: Type.String({ minLength: 16 }),
  secretAccessKey: Type.String({ minLength: 32 }),
})
export type ProbeKey = Type.Static<typeof ProbeKey>

/** How long keepers have worked on a create: written now and then while it goes on. */
export const Effort = Type.Object({
  /** Milliseconds, up to `at`. */
  workedMs: Type.Number({ minimum: 0 }),
  /** RFC 3339: when a keeper was last known to work on it. */
  at: Type.String(),
})
export type Effort = Type.Static<typeof Effort>

/** How the create ended. Written once; what happens later is in conditions. */
export const Outcome = Type.Union([
  Type.Object({ result: Type.Literal('active'), at: Type.String() }),
  Type.Object({
    result: Type.Literal('failed'),
    at: Type.String(),
    /** `ClusterIssueCode` of EKS. */
    code: Type.String(),
    message: Type.String(),
  }),
])
export type Outcome = Type.Static<typeof Outcome>

/** Records are read at every look at a cluster: each shape is compiled once. */
const validators = new WeakMap<Type.TSchema, Validator>()

function validatorOf(schema: Type.TSchema): Validator {
  const validator = validators.get(schema) ?? Compile(schema)
  validators.set(schema, validator)
  return validator
}

/** Throws when a record is not what this slice wrote: the message names it. */
export function parseFact<Schema extends Type.TSchema>(
  schema: Schema,
  content: string,
  record: { readonly cluster: string; readonly name: string },
): Type.Static<Schema> {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (cause) {
    throw new Error(`record ${record.cluster}/${record.name} is not JSON: restore it from a backup of the records`, {
      cause,
    })
  }
  const validator = validatorOf(schema)
  if (!validator.Check(value)) {
    const first = validator.Errors(value)[0]
    throw new Error(
      `record ${record.cluster}/${record.name} has a wrong shape (${first?.instancePath ?? ''} ${first?.message ?? ''}): restore it from a backup of the records`,
    )
  }
  return value as Type.Static<Schema>
}

export function serializeFact(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
