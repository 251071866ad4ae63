import { matchesPattern, memberShape, requiredMembers, shapeFacts } from '@evenkeel/contract/eks'
import type { NormalizedSchema } from '@smithy/core/schema'

/** What is wrong with a request, one sentence each: the member's path, and what it must be. */
export type Complaints = string[]

/** How many of them a caller is told at once. */
const MOST_COMPLAINTS = 10
const LONGEST_QUOTE = 60

/** One value of a request: what came, where, and what it must be by kind (`schema`) and by facts (`shape`). */
interface Place {
  readonly path: string
  readonly schema: NormalizedSchema
  /** Name of its shape in AWS's model, where facts say more than the kind. */
  readonly shape: string | undefined
}

/**
 * Reads a structure out of parsed JSON: members that the schema has, with values of the right kinds and within bounds.
 * Everything else becomes a complaint. Members that the schema does not have are ignored, and null is absence, as AWS
 * does. `value` is not changed.
 */
export function readStructure(
  value: Readonly<Record<string, unknown>>,
  schema: NormalizedSchema,
  options: { readonly path: string; readonly complaints: Complaints },
): Record<string, unknown> {
  const { path, complaints } = options
  const structure = schema.getName() ?? ''
  const read: [string, unknown][] = []
  for (const [member, memberSchema] of schema.structIterator()) {
    const given = Object.hasOwn(value, member) ? value[member] : undefined
    if (given === undefined || given === null) continue
    const place = { path: join(path, member), schema: memberSchema, shape: memberShape(structure, member) }
    read.push([member, readValue(given, place, complaints)])
  }
  for (const member of requiredMembers(structure)) {
    if (!read.some(([name]) => name === member)) complain(complaints, join(path, member), 'is required')
  }
  return Object.fromEntries(read)
}

function readValue(value: unknown, place: Place, complaints: Complaints): unknown {
  const { schema, path } = place
  if (schema.isStructSchema()) {
    if (!isRecord(value)) return refuseKind(value, 'a structure', place, complaints)
    return readStructure(value, schema, { path, complaints })
  }
  if (schema.isListSchema()) return readList(value, place, complaints)
  if (schema.isMapSchema()) return readMap(value, place, complaints)
  if (schema.isBooleanSchema()) {
    return typeof value === 'boolean' ? value : refuseKind(value, 'true or false', place, complaints)
  }
  if (schema.isNumericSchema()) {
    // EKS's model knows 32-bit integers and no other numbers.
    if (typeof value !== 'number' || value !== (value | 0)) return refuseKind(value, 'an integer', place, complaints)
    return checkBounds(value, { amount: value, of: '' }, place, complaints)
  }
  if (schema.isTimestampSchema()) {
    return typeof value === 'number' && Number.isFinite(value)
      ? new Date(value * 1000)
      : refuseKind(value, 'a time in seconds since 1970', place, complaints)
  }
  if (schema.isStringSchema()) {
    return typeof value === 'string'
      ? checkText(value, place, complaints)
      : refuseKind(value, 'a string', place, complaints)
  }
  throw new Error(`${path} is of a kind that EKS had not used before (${schema.getName(true)}): teach request-value.ts`)
}

function readList(value: unknown, place: Place, complaints: Complaints): unknown {
  const { schema, path, shape } = place
  if (!Array.isArray(value)) return refuseKind(value, 'a list', place, complaints)
  checkBounds(value, { amount: value.length, of: ' items' }, place, complaints)
  const item = schema.getValueSchema()
  const itemShape = shape === undefined ? undefined : shapeFacts(shape)?.member
  return value.map((one: unknown, index) =>
    readValue(one, { path: `${path}[${index}]`, schema: item, shape: itemShape }, complaints),
  )
}

function readMap(value: unknown, place: Place, complaints: Complaints): unknown {
  const { schema, path, shape } = place
  if (!isRecord(value)) return refuseKind(value, 'a map', place, complaints)
  const facts = shape === undefined ? undefined : shapeFacts(shape)
  const item = schema.getValueSchema()
  const entries = Object.entries(value).filter(([, one]) => one !== null)
  checkBounds(value, { amount: entries.length, of: ' entries' }, place, complaints)
  return Object.fromEntries(
    entries.map(([key, one]) => {
      checkText(key, { path: `a key of ${path}`, schema: schema.getKeySchema(), shape: facts?.key }, complaints)
      return [key, readValue(one, { path: `${path}.${quote(key)}`, schema: item, shape: facts?.value }, complaints)]
    }),
  )
}

/** Text that stands for a value of the given kind, as in a query or a path; undefined where it stands for none. */
export function readScalarText(text: string, schema: NormalizedSchema): unknown {
  if (schema.isBooleanSchema()) return text === 'true' ? true : text === 'false' ? false : text
  if (schema.isNumericSchema()) return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : text
  return text
}

function checkText(text: string, place: Place, complaints: Complaints): string {
  const facts = place.shape === undefined ? undefined : shapeFacts(place.shape)
  // As people count, where it matters: characters beyond U+FFFF are two units of a JavaScript string.
  const length = text.length <= (facts?.min ?? 0) ? text.length : [...text].length
  checkBounds(text, { amount: length, of: ' characters' }, place, complaints)
  if (facts?.enum && !facts.enum.includes(text)) {
    complain(complaints, place.path, `must be one of ${facts.enum.join(', ')}, not ${quote(text)}`)
  } else if (facts?.pattern && !matchesPattern(facts.pattern, text)) {
    complain(complaints, place.path, `must match ${facts.pattern} as a whole; ${quote(text)} does not`)
  }
  return text
}

function checkBounds<T>(value: T, measured: { amount: number; of: string }, place: Place, complaints: Complaints): T {
  const facts = place.shape === undefined ? undefined : shapeFacts(place.shape)
  if (facts === undefined) return value
  const { amount, of } = measured
  const verb = of === '' ? 'be' : 'have'
  if (facts.min !== undefined && amount < facts.min) {
    complain(complaints, place.path, `must ${verb} at least ${facts.min}${of}, not ${amount}`)
  }
  if (facts.max !== undefined && amount > facts.max) {
    complain(complaints, place.path, `must ${verb} at most ${facts.max}${of}, not ${amount}`)
  }
  return value
}

function refuseKind(value: unknown, wanted: string, place: Place, complaints: Complaints): undefined {
  complain(complaints, place.path, `must be ${wanted}, not ${describe(value)}`)
  return undefined
}

function complain(complaints: Complaints, path: string, what: string): void {
  if (complaints.length < MOST_COMPLAINTS) complaints.push(`${path} ${what}`)
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a structure'
  return typeof value === 'string' ? quote(value) : String(value)
}

function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function join(path: string, member: string): string {
  return path === '' ? member : `${path}.${member}`
}
