import { expect, it } from 'vitest'
import { floorBytesOf } from './floor.ts'

it.each([
  [undefined, 2 ** 30],
  ['', 2 ** 30],
  ['0', 0],
  ['1048576', 1_048_576],
])('when EVENKEEL_FLOOR_BYTES is %j, the floor is %d', (given, bytes) => {
  expect(floorBytesOf({ EVENKEEL_FLOOR_BYTES: given })).toBe(bytes)
})

it.each(['1GiB', '-1', '1.5', '1e99', '99999999999999999999'])(
  'when EVENKEEL_FLOOR_BYTES is %j, which is no number of bytes, it says so',
  (given) => {
    expect(() => floorBytesOf({ EVENKEEL_FLOOR_BYTES: given })).toThrow(/must be a number of bytes, such as 1073741824/)
  },
)
