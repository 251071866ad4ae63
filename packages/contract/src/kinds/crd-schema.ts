/** A schema of OpenAPI 3.0 as CustomResourceDefinitions take it: structural, without references. */
export interface StructuralSchema {
  type?: string
  format?: string
  description?: string
  default?: unknown
  enum?: readonly unknown[]
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  maxProperties?: number
  items?: StructuralSchema
  properties?: Record<string, StructuralSchema>
  required?: readonly string[]
  additionalProperties?: StructuralSchema
  'x-kubernetes-validations'?: readonly ValidationRule[]
  'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set'
  'x-kubernetes-list-map-keys'?: readonly string[]
}

/** A rule in CEL that the API server checks on every write. */
export interface ValidationRule {
  readonly rule: string
  readonly message: string
  /** The rule's subject where it is not the place that the rule stands at, such as `.spec.creator`. */
  readonly fieldPath?: string
}

/** What is taken over as it is. */
const PLAIN = [
  'default',
  'description',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
] as const

const KNOWN = new Set<string>([
  ...PLAIN,
  'type',
  'format',
  'const',
  'enum',
  'anyOf',
  'items',
  'properties',
  'required',
  'patternProperties',
])

/**
 * The structural schema of a TypeBox schema. Unions of constants become enums, records additional properties. Throws
 * for what a CustomResourceDefinition cannot say: better no file than one that checks less than the type does.
 */
export function structuralSchema(source: object, path = '$'): StructuralSchema {
  const schema = source as Readonly<Record<string, unknown>>
  const unknown = Object.keys(schema).find((key) => !KNOWN.has(key))
  if (unknown !== undefined) throw new Error(`${path}: "${unknown}" has no place in a CustomResourceDefinition`)
  const result: StructuralSchema = {}
  for (const key of PLAIN) {
    if (schema[key] !== undefined) Object.assign(result, { [key]: schema[key] })
  }
  const values = constantsOf(schema, path)
  if (values !== undefined) return { type: typeOfConstants(values, path), enum: values, ...result }
  switch (schema['type']) {
    case 'object':
      return { type: 'object', ...result, ...membersOf(schema, path) }
    case 'array':
      return { type: 'array', ...result, items: structuralSchema(objectAt(schema, 'items', path), `${path}[]`) }
    case 'integer':
      return { type: 'integer', format: 'int64', ...result }
    case 'string':
      return {
        type: 'string',
        ...(schema['format'] === undefined ? {} : { format: String(schema['format']) }),
        ...result,
      }
    case 'boolean':
    case 'number':
      return { type: schema['type'], ...result }
    default:
      throw new Error(`${path}: type ${JSON.stringify(schema['type'])} has no place in a CustomResourceDefinition`)
  }
}

function membersOf(schema: Readonly<Record<string, unknown>>, path: string): StructuralSchema {
  if (schema['patternProperties'] !== undefined) {
    const [[pattern, value] = ['', {}], ...others] = Object.entries(objectAt(schema, 'patternProperties', path))
    if (others.length > 0 || pattern !== '^.*$')
      throw new Error(`${path}: keys of a record cannot be bound by a pattern`)
    return { additionalProperties: structuralSchema(value as object, `${path}.*`) }
  }
  const properties = Object.entries(objectAt(schema, 'properties', path)).map(([name, member]) => [
    name,
    structuralSchema(member as object, `${path}.${name}`),
  ])
  const required = (schema['required'] ?? []) as readonly string[]
  return { properties: Object.fromEntries(properties), ...(required.length === 0 ? {} : { required }) }
}

function constantsOf(schema: Readonly<Record<string, unknown>>, path: string): readonly unknown[] | undefined {
  if (schema['const'] !== undefined) return [schema['const']]
  if (schema['anyOf'] === undefined) return undefined
  return (schema['anyOf'] as readonly Readonly<Record<string, unknown>>[]).map((choice) => {
    if (choice['const'] === undefined) throw new Error(`${path}: a union of anything but constants is not structural`)
    return choice['const']
  })
}

function typeOfConstants(values: readonly unknown[], path: string): string {
  const types = new Set(values.map((value) => typeof value))
  const [type] = types
  if (types.size !== 1 || type === undefined) throw new Error(`${path}: constants of several types are not structural`)
  return type
}

function objectAt(schema: Readonly<Record<string, unknown>>, key: string, path: string): object {
  const value = schema[key]
  if (typeof value !== 'object' || value === null) throw new Error(`${path}: it has no ${key}`)
  return value
}
