import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { customResourceDefinitions } from './crd.ts'
import { structuralSchema } from './crd-schema.ts'

describe('structuralSchema', () => {
  it('when a type is a union of constants, it is an enum with its default', () => {
    const either = Type.Union([Type.Literal('A'), Type.Literal('B')], { default: 'B' })
    expect(structuralSchema(either)).toEqual({ type: 'string', enum: ['A', 'B'], default: 'B' })
    expect(structuralSchema(Type.Literal(1))).toEqual({ type: 'number', enum: [1] })
  })

  it('when a type is a record, its values are bound and its size is', () => {
    const tags = Type.Record(Type.String(), Type.String({ maxLength: 256 }), { maxProperties: 50 })
    expect(structuralSchema(tags)).toEqual({
      type: 'object',
      maxProperties: 50,
      additionalProperties: { type: 'string', maxLength: 256 },
    })
  })

  it('when a type has members, those that are optional are not required', () => {
    const type = Type.Object({
      a: Type.Integer({ minimum: 0 }),
      b: Type.Optional(Type.Array(Type.Boolean(), { maxItems: 2 })),
    })
    expect(structuralSchema(type)).toEqual({
      type: 'object',
      required: ['a'],
      properties: {
        a: { type: 'integer', format: 'int64', minimum: 0 },
        b: { type: 'array', maxItems: 2, items: { type: 'boolean' } },
      },
    })
  })

  it.each([
    ['a union of types', Type.Union([Type.String(), Type.Integer()]), /union of anything but constants/],
    ['constants of two types', Type.Union([Type.Literal('a'), Type.Literal(1)]), /several types/],
    ['a bound that it does not know', Type.String({ contentEncoding: 'base64' }), /"contentEncoding" has no place/],
    ['anything', Type.Object({ a: Type.Any() }), /\$\.a: type undefined/],
    ['keys of a form', Type.Record(Type.String({ pattern: '^a' }), Type.String()), /keys of a record/],
  ])('when a type is %s, it is refused by name rather than loosened', (_what, type, problem) => {
    expect(() => structuralSchema(type)).toThrow(problem)
  })
})

it('when definitions are made, each kind has its status, its columns and what clients select on', () => {
  const facts = customResourceDefinitions().map(({ metadata, spec }) => {
    const [version] = spec.versions
    const columns = version?.additionalPrinterColumns
      .filter(({ priority }) => priority === undefined)
      .map(({ name }) => name)
    const fields = version?.selectableFields.map(({ jsonPath }) => jsonPath)
    return [metadata.name, version?.subresources !== undefined, columns?.join(), fields?.join()]
  })
  expect(facts).toEqual([
    ['clusters.evenkeel.dev', true, 'EKS Name,Version,Phase,Endpoint,Age', '.spec.eksName'],
    [
      'nodegroups.evenkeel.dev',
      true,
      'Cluster,Node Group,Release,Desired,Ready,Phase,Age',
      '.spec.clusterName,.spec.nodegroupName',
    ],
    ['updates.evenkeel.dev', true, 'Cluster,Node Group,Type,Phase,Age', '.spec.clusterName'],
    ['users.evenkeel.dev', false, 'User Name,Access Keys,Age', '.spec.userName'],
  ])
})
