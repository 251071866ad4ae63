import { KIND_DEFINITIONS, type KindDefinition, type PrinterColumn } from './crd-definitions.ts'
import { type StructuralSchema, structuralSchema } from './crd-schema.ts'
import { GROUP, type KubeObject, VERSION } from './object.ts'

/** The definition of one of our kinds, as the home takes it (apiextensions.k8s.io/v1). */
export interface CustomResourceDefinition extends KubeObject {
  kind: 'CustomResourceDefinition'
  spec: {
    group: string
    scope: 'Namespaced'
    names: {
      kind: string
      listKind: string
      plural: string
      singular: string
      shortNames: readonly string[]
      categories: readonly string[]
    }
    versions: readonly {
      name: string
      served: true
      storage: true
      schema: { openAPIV3Schema: StructuralSchema }
      subresources?: { status: Record<string, never> }
      additionalPrinterColumns: readonly PrinterColumn[]
      selectableFields: readonly { jsonPath: string }[]
    }[]
  }
}

/** All of our kinds. `kubectl get evenkeel` lists their objects. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return KIND_DEFINITIONS.map(customResourceDefinition)
}

function customResourceDefinition(definition: KindDefinition): CustomResourceDefinition {
  const { kind, plural, singular, shortNames, columns, selectableFields } = definition
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}`, labels: { 'app.kubernetes.io/part-of': 'evenkeel' } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: ['evenkeel'] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(definition) },
          ...(definition.status === undefined ? {} : { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
          selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })),
        },
      ],
    },
  }
}

function objectSchema({ description, spec, status, rules, additions }: KindDefinition): StructuralSchema {
  const schema: StructuralSchema = {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      spec: structuralSchema(spec, '$.spec'),
      ...(status === undefined ? {} : { status: structuralSchema(status, '$.status') }),
    },
    ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
  }
  for (const [path, addition] of Object.entries(additions)) Object.assign(schemaAt(schema, path), addition)
  return schema
}

function schemaAt(schema: StructuralSchema, path: string): StructuralSchema {
  let found: StructuralSchema | undefined = schema
  for (const name of path.split('.')) found = found?.properties?.[name]
  if (found === undefined) throw new Error(`the kind has no member ${path}: correct crd-definitions.ts`)
  return found
}
