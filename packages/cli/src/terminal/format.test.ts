import { expect, test } from 'vitest'
import { formatBytes, formatDate, formatDuration, formatList, formatTable } from './format.ts'

test.each([
  [-5, '0.0 s'],
  [412, '0.4 s'],
  [9949, '9.9 s'],
  [9951, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [185_000, '3 min 5 s'],
  [3_600_000, '1 h'],
  [7_800_000, '2 h 10 min'],
  [90_000_000, '1 d 1 h'],
])('when %i ms have passed, it says %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [161_480_704, '154 MiB'],
  [1024 ** 3, '1.0 GiB'],
  [-(5 * 1024 ** 2), '-5.0 MiB'],
])('when there are %i bytes, it says %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('when a table has cells of many widths, its columns stand under each other', () => {
  const rows = [
    ['NAME', 'STATUS'],
    ['demo', 'ACTIVE'],
    ['a-longer-name', ''],
  ]
  expect(formatTable(rows)).toEqual(['NAME           STATUS', 'demo           ACTIVE', 'a-longer-name'])
})

test('when a time is no time, it is shown as it is', () => {
  expect(formatDate('2026-12-24T10:00:00Z')).toBe('2026-12-24')
  expect(formatDate('soon')).toBe('soon')
})

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
])('when %j are listed, it reads %s', (words, text) => {
  expect(formatList(words)).toBe(text)
})
