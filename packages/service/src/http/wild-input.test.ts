import { isFaultName, OPERATION_NAMES } from '@evenkeel/contract/eks'
import type { NormalizedSchema } from '@smithy/core/schema'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOffered } from '../eks-api/index.ts'
import { OPERATION_SCHEMAS, type OperationSchema } from '../eks-protocol/index.ts'
import { EksRig, LEAST_NODE_GROUP_WISH, LEAST_WISH } from '../testing/eks-rig.ts'

let rig: EksRig
beforeAll(async () => {
  // Few clusters: beyond that the wildest wish ends at the quota.
  rig = await EksRig.start({ clusterQuota: 20 })
  await rig.create('web')
  await rig.report('web', { phase: 'ACTIVE', network: 'private' })
  await rig.createNodeGroup('web')
  await rig.reportNodeGroup('web', { phase: 'ACTIVE', releaseVersion: '1.35.2-20261125' })
})
afterAll(() => rig[Symbol.asyncDispose]())

describe('whatever a client sends', () => {
  it.each(OPERATION_NAMES)(
    'when %s is given members of any kind, the answer is never a 5xx, and always EKS',
    async (name) => {
      const operation = OPERATION_SCHEMAS.get(name) ?? expect.unreachable()
      await fc.assert(
        fc.asyncProperty(inputOf(operation), async ({ labels, query, body }) => {
          const path = operation.path.replaceAll(/\{([^}]+)\}/g, (_all, label: string) =>
            encodeURIComponent(labels[label] ?? ''),
          )
          const answer = await rig.send({
            method: operation.method,
            path: query === '' ? path : `${path}?${query}`,
            ...(operation.method === 'POST' ? { body } : {}),
          })
          expect(answer.status).toBeLessThan(500)
          if (answer.fault === undefined) {
            expect(answer.status).toBe(200)
          } else {
            expect(isFaultName(answer.fault)).toBe(true)
            expect(answer.body['message']).toEqual(expect.any(String))
          }
        }),
        { numRuns: isOffered(name) ? 150 : 15 },
      )
    },
  )
})

interface WildInput {
  readonly labels: Readonly<Record<string, string>>
  readonly query: string
  readonly body: unknown
}

function inputOf(operation: OperationSchema): fc.Arbitrary<WildInput> {
  const labels: Record<string, fc.Arbitrary<string>> = {}
  const query: fc.Arbitrary<string>[] = []
  const body: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [member, schema] of operation.input.structIterator()) {
    const { httpLabel, httpQuery } = schema.getMergedTraits()
    const text = fc.oneof(
      fc.constantFrom('web', 'true', '5', 'arn:aws:eks:local-1:000000000001:cluster/web', 'all', '1.37'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
    )
    if (httpLabel) labels[member] = text
    else if (httpQuery)
      query.push(
        fc.array(text, { maxLength: 2 }).map((all) => all.map((one) => `${httpQuery}=${encode(one)}`).join('&')),
      )
    else body[member] = wildValue(schema)
  }
  return fc.record({
    labels: fc
      .record(labels)
      .map((all) => Object.fromEntries(Object.entries(all).map(([key, one]) => [key, whole(one)]))),
    query: fc.tuple(...query).map((parts) => parts.filter((part) => part !== '').join('&')),
    body: fc.oneof(
      { weight: 5, arbitrary: mutated(RIGHT_BODIES[operation.name] ?? {}, body) },
      { weight: 4, arbitrary: fc.record(body, { requiredKeys: [] }) },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
  })
}

/** Bodies that are accepted as they are. */
const RIGHT_BODIES: Readonly<Record<string, object>> = {
  CreateCluster: { ...LEAST_WISH, name: 'another' },
  CreateNodegroup: {
    ...LEAST_NODE_GROUP_WISH,
    nodegroupName: 'another',
    scalingConfig: { minSize: 1, maxSize: 2, desiredSize: 1 },
    labels: { a: 'b' },
    taints: [{ key: 'a', effect: 'NO_EXECUTE' }],
    updateConfig: { maxUnavailable: 1 },
    nodeRepairConfig: { enabled: true },
  },
  UpdateNodegroupConfig: { scalingConfig: { desiredSize: 1 }, labels: { addOrUpdateLabels: { a: 'b' } } },
  UpdateNodegroupVersion: { force: true },
  TagResource: { tags: { a: 'b' } },
}

/** What is right, with at most one member changed: so that wrong values meet the code behind the schema. */
function mutated(right: object, members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const changes = Object.entries(members).map(([name, value]) => value.map((one) => ({ ...right, [name]: one })))
  return fc.oneof(fc.constant(right), ...changes)
}

/** Mostly of the right kind, and often not. */
function wildValue(schema: NormalizedSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 4, arbitrary: rightKind(schema) }, { weight: 1, arbitrary: fc.jsonValue() })
}

function rightKind(schema: NormalizedSchema): fc.Arbitrary<unknown> {
  if (schema.isStructSchema()) {
    const members = [...schema.structIterator()].map(([name, member]) => [name, wildValue(member)] as const)
    return fc.record(Object.fromEntries(members), { requiredKeys: [] })
  }
  if (schema.isListSchema()) return fc.array(wildValue(schema.getValueSchema()), { maxLength: 3 })
  if (schema.isMapSchema()) return fc.dictionary(fc.string(), wildValue(schema.getValueSchema()), { maxKeys: 3 })
  if (schema.isBooleanSchema()) return fc.boolean()
  if (schema.isNumericSchema()) return fc.integer()
  return fc.oneof(
    fc.constantFrom(
      'web',
      'a',
      '1.37',
      '10.100.0.0/16',
      'arn:aws:iam::000000000001:role/eks',
      'API',
      'STANDARD',
      'subnet-1',
      'sg-1',
    ),
    fc.string({ unit: 'binary' }),
  )
}

/** Without halves of characters, which no URL can hold. */
function whole(text: string): string {
  return text.toWellFormed()
}

function encode(text: string): string {
  return encodeURIComponent(whole(text))
}
