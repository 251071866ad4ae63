import { registerHooks } from 'node:module'
import { OPERATION_NAMES, type OperationName, operationFacts } from '@evenkeel/contract/eks'
import { NormalizedSchema } from '@smithy/core/schema'

/** How one operation of EKS is asked and answered, as the AWS SDK describes it at run time. */
export interface OperationSchema {
  readonly name: OperationName
  readonly method: string
  /** Such as `/clusters/{name}/updates`. */
  readonly path: string
  readonly successStatus: number
  readonly input: NormalizedSchema
  readonly output: NormalizedSchema
}

/** Kind of a static operation schema in `@smithy/types` 4. */
const OPERATION_KIND = 9
const SCHEMA_FOLDER = '/@aws-sdk/client-eks/dist-es/'

/** All operations by name, of the installed SDK. */
export const OPERATION_SCHEMAS: ReadonlyMap<OperationName, OperationSchema> = readOperations(await loadSchemas())

/**
 * The SDK's module of schemas alone: 7 MB of memory and 20 ms, where the whole client is 29 MB and 120 ms (client-eks
 * 3.1169 on Node 24). It is written for bundlers, which add the `.js` that its imports leave out; so do we, while it
 * loads.
 */
async function loadSchemas(): Promise<Readonly<Record<string, unknown>>> {
  // A variable, since there are no types beside this module.
  const module: string = '@aws-sdk/client-eks/dist-es/schemas/schemas_0.js'
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) =>
      nextResolve(
        specifier.startsWith('.') && context.parentURL?.includes(SCHEMA_FOLDER) ? `${specifier}.js` : specifier,
        context,
      ),
  })
  try {
    return await import(module)
  } finally {
    hooks.deregister()
  }
}

function readOperations(schemas: Readonly<Record<string, unknown>>): ReadonlyMap<OperationName, OperationSchema> {
  return new Map(OPERATION_NAMES.map((name) => [name, readOperation(name, schemas[`${name}$`])]))
}

function readOperation(name: OperationName, schema: unknown): OperationSchema {
  if (!isOperation(schema)) {
    throw new Error(
      `@aws-sdk/client-eks has no operation ${name} in the layout that we know: ` +
        'bring its version, botocore for the facts table and eks-protocol/schemas.ts to the same state',
    )
  }
  const [, , , { http }, input, output] = schema
  const [method, path, successStatus] = http
  if (method !== operationFacts(name).method) {
    throw new Error(
      `${name} is ${method} in @aws-sdk/client-eks and not so in the facts table: generate the facts again`,
    )
  }
  return {
    name,
    method,
    path,
    successStatus,
    input: NormalizedSchema.of(input as Parameters<typeof NormalizedSchema.of>[0]),
    output: NormalizedSchema.of(output as Parameters<typeof NormalizedSchema.of>[0]),
  }
}

type StaticOperation = readonly [
  kind: number,
  namespace: string,
  name: string,
  traits: { readonly http: readonly [method: string, path: string, status: number] },
  input: unknown,
  output: unknown,
]

function isOperation(schema: unknown): schema is StaticOperation {
  if (!Array.isArray(schema) || schema.length !== 6 || schema[0] !== OPERATION_KIND) return false
  const traits: unknown = schema[3]
  if (typeof traits !== 'object' || traits === null || !('http' in traits) || !Array.isArray(traits.http)) return false
  const [method, path, status] = traits.http
  return typeof method === 'string' && typeof path === 'string' && typeof status === 'number'
}
