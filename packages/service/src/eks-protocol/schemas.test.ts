import * as sdk from '@aws-sdk/client-eks'
import { OPERATION_NAMES, operationFacts, requiredMembers } from '@evenkeel/contract/eks'
import { describe, expect, it } from 'vitest'
import { OPERATION_SCHEMAS } from './schemas.ts'

const schemas = sdk as unknown as Record<string, unknown>

describe('the layout of the SDK that we rely on', () => {
  it('when an operation is exported, it is [9, namespace, name, {http}, input, output]', () => {
    expect(sdk.CreateCluster$.slice(0, 4)).toEqual([
      9,
      'com.amazonaws.eks',
      'CreateCluster',
      { http: ['POST', '/clusters', 200] },
    ])
    expect(sdk.CreateCluster$).toHaveLength(6)
  })

  it('when a member travels in the path or the query, its traits say so', () => {
    const members = Object.fromEntries(OPERATION_SCHEMAS.get('ListUpdates')?.input.structIterator() ?? [])
    expect(members['name']?.getMergedTraits()).toMatchObject({ httpLabel: 1 })
    expect(members['maxResults']?.getMergedTraits()).toMatchObject({ httpQuery: 'maxResults' })
    expect(members['maxResults']?.isNumericSchema()).toBe(true)
  })

  it('when a list of strings or a map of strings is inlined, its items are still known', () => {
    const members = Object.fromEntries(OPERATION_SCHEMAS.get('UntagResource')?.input.structIterator() ?? [])
    expect(members['tagKeys']?.isListSchema()).toBe(true)
    expect(members['tagKeys']?.getValueSchema().isStringSchema()).toBe(true)
    const tag = Object.fromEntries(OPERATION_SCHEMAS.get('TagResource')?.input.structIterator() ?? [])
    expect(tag['tags']?.isMapSchema()).toBe(true)
    expect(tag['tags']?.getValueSchema().isStringSchema()).toBe(true)
  })
})

describe('SDK and facts table', () => {
  it('when both are read, they have the same operations', () => {
    const ofSdk = Object.entries(schemas)
      .filter(([name, value]) => name.endsWith('$') && Array.isArray(value) && value[0] === 9)
      .map(([name]) => name.slice(0, -1))
      .sort()
    expect(ofSdk).toEqual([...OPERATION_NAMES])
    expect(ofSdk).toHaveLength(70)
  })

  it.each(OPERATION_NAMES)('when %s is read, both agree on method, path, structures and required members', (name) => {
    const schema = OPERATION_SCHEMAS.get(name)
    const facts = operationFacts(name)
    expect(schema?.method).toBe(facts.method)
    expect(withoutLabelNames(schema?.path ?? '')).toBe(withoutLabelNames(facts.path))
    expect(schema?.input.getName()).toBe(facts.input)
    expect(schema?.output.getName()).toBe(facts.output)
    expect(schema?.successStatus).toBe(200)
    const members = [...(schema?.input.structIterator() ?? [])].map(([member]) => member)
    expect(members).toEqual(expect.arrayContaining([...requiredMembers(facts.input ?? '')]))
  })
})

function withoutLabelNames(path: string): string {
  return path.replaceAll(/\{[^}]+\}/g, '{}')
}
