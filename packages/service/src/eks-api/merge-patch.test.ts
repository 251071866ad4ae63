import { expect, it } from 'vitest'
import { mergePatchOf } from './merge-patch.ts'

it.each<[object, object, object | undefined]>([
  [{ a: 1 }, { a: 1 }, undefined],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: 1, b: 2 }, { a: 1 }, { b: null }],
  [{}, { a: [] }, { a: [] }],
  [{ a: { b: 1, c: 1 } }, { a: { c: 1, d: 2 } }, { a: { b: null, d: 2 } }],
  [{ a: [1, 2] }, { a: [2] }, { a: [2] }],
  [{ a: { b: 1 } }, { a: { b: 1 } }, undefined],
])('when %j becomes %j, the patch is %j', (before, after, patch) => {
  expect(mergePatchOf(before, after)).toEqual(patch)
})
