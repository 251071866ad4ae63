import { describe, expect, it } from 'vitest'
import { clusterObject } from '../testing/keeper-world.ts'
import { intentOf, parseIntent, serializeIntent, specDigest } from './record.ts'

describe('intentOf', () => {
  it('when an object is as the schema says, its intent survives being written and read', () => {
    const intent = intentOf(clusterObject({ name: 'web', generation: 3 }))
    expect(intent).toMatchObject({ kind: 'hosted', generation: 3, uid: 'uid-of-web', deleting: false })
    if ('refused' in intent) {
      throw new Error(intent.refused)
    }
    expect(parseIntent('abc', serializeIntent(intent))).toEqual(intent)
  })

  it('when the spec is not as the schema says, it names the member', () => {
    const object = clusterObject({ name: 'web', spec: { version: 'latest' } })
    expect(intentOf(object)).toEqual({ refused: expect.stringContaining('/spec/version') })
  })

  it('when members of a spec are in another order, the digest is the same', () => {
    const one = specDigest({ eksName: 'web', version: '1.37', tags: { a: '1', b: '2' } })
    const other = specDigest({ tags: { b: '2', a: '1' }, version: '1.37', eksName: 'web' })
    expect(other).toBe(one)
    expect(specDigest({ eksName: 'web', version: '1.36' })).not.toBe(one)
  })
})

describe('parseIntent', () => {
  it.each([
    ['cut off', '{"kind":"hosted"'],
    ['of another shape', '{"kind":"hosted","generation":1}'],
    ['a home without a version', '{"kind":"home","acceptedAt":"2026-11-24T12:00:00Z"}'],
    ['not an object', '7'],
  ])('when the record is %s, it names the record and what to do', (_what, record) => {
    expect(() => parseIntent('abc', record)).toThrow(/record abc\/intent\.json .*: restore it/)
  })
})
