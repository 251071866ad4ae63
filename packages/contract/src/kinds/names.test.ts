import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clusterId, objectName } from './names.ts'

const EKS_NAME = fc.stringMatching(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/)
const IAM_NAME = fc.stringMatching(/^[A-Za-z0-9+=,.@_-]{1,64}$/)
const VALID = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

describe('objectName', () => {
  test.each([
    ['demo', true],
    ['a', true],
    ['team.web-1', true],
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
    ['Demo', false],
    ['demo_1', false],
    ['demo-', false],
    ['a..b', false],
    ['x-demo', false],
    ['x-', false],
  ])('when the name is %s, it is kept: %s', (name, isKept) => {
    expect(objectName(name) === name).toBe(isKept)
  })

  test('when names differ only in case, it gives two object names', () => {
    expect(objectName('Demo')).not.toBe(objectName('demo'))
    expect(objectName('Demo')).not.toBe(objectName('DEMO'))
  })

  test('when the name is any EKS or IAM name, it is a valid object name and label', () => {
    fc.assert(
      fc.property(fc.oneof(EKS_NAME, IAM_NAME), (name) => {
        const made = objectName(name)
        expect(made).toMatch(VALID)
        expect(made.length).toBeLessThanOrEqual(63)
      }),
    )
  })

  test('when names are distinct, so are their object names, derived ones used as names included', () => {
    const name = fc.oneof(EKS_NAME, EKS_NAME.map(objectName), IAM_NAME)
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 40 }), (names) => {
        expect(new Set(names.map(objectName)).size).toBe(names.length)
      }),
    )
  })

  test('when a later version derives a name, it is the one of today: objects carry it', () => {
    expect(objectName('Demo')).toMatchInlineSnapshot(`"x-c8xym89gu0p82bd1uunzst1x"`)
    expect(clusterId('7c9e6679-7425-40de-944b-e07fc1f90ae7')).toMatchInlineSnapshot(`"frgxiqbiu3"`)
  })
})

describe('clusterId', () => {
  test('when uids are distinct, it gives distinct ids of 10 characters that begin with a letter', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uuid(), { minLength: 2, maxLength: 40 }), (uids) => {
        const ids = uids.map(clusterId)
        expect(new Set(ids).size).toBe(uids.length)
        for (const id of ids) {
          expect(id).toMatch(/^[a-z][a-z0-9]{9}$/)
        }
      }),
    )
  })
})
