import type { NormalizedSchema } from '@smithy/core/schema'

/**
 * The JSON body of an answer: the members that the schema has, times as seconds since 1970 with a fraction. Absent
 * members are left out. Throws TypeError where a value is not of its kind: that is a fault of ours, not of the caller.
 */
export function writeOutput(schema: NormalizedSchema, output: object): string {
  return JSON.stringify(writeStructure(schema, output, ''))
}

function writeStructure(schema: NormalizedSchema, value: object, path: string): Record<string, unknown> {
  const members = new Map(Object.entries(value))
  const written: Record<string, unknown> = {}
  for (const [member, memberSchema] of schema.structIterator()) {
    const one = members.get(member)
    if (one !== undefined && one !== null) written[member] = writeValue(memberSchema, one, `${path}.${member}`)
  }
  return written
}

function writeValue(schema: NormalizedSchema, value: unknown, path: string): unknown {
  if (schema.isTimestampSchema()) {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime() / 1000
  } else if (schema.isListSchema()) {
    if (Array.isArray(value)) {
      const item = schema.getValueSchema()
      return value.map((one, index) => writeValue(item, one, `${path}[${index}]`))
    }
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)) {
    if (schema.isStructSchema()) return writeStructure(schema, value, path)
    if (schema.isMapSchema()) {
      const item = schema.getValueSchema()
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, writeValue(item, one, `${path}.${key}`)]),
      )
    }
  } else if (
    (schema.isStringSchema() && typeof value === 'string') ||
    (schema.isBooleanSchema() && typeof value === 'boolean') ||
    (schema.isNumericSchema() && typeof value === 'number')
  ) {
    return value
  }
  throw new TypeError(`answer${path} is a ${typeof value}, which is not what ${schema.getName(true)} holds`)
}
