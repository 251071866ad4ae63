import { expect, test } from 'vitest'
import { ok, problem, renderFindings, warning } from './finding.ts'
import {
  judgeClock,
  judgeDisk,
  judgeMemory,
  judgeModes,
  judgeOpenFiles,
  readAvailableMemory,
  readOpenFilesLimit,
} from './judge.ts'

const GIB = 1024 ** 3

test('when things were found, each has a line and what can be mended says how', () => {
  expect(
    renderFindings([
      ok('node', 'v24.21.0'),
      warning('memory', '1.0 GiB available', 'free some'),
      problem('haproxy', 'not installed', 'apt-get install haproxy'),
    ]),
  ).toBe(
    [
      'ok       node     v24.21.0',
      'warning  memory   1.0 GiB available',
      '         mend: free some',
      'problem  haproxy  not installed',
      '         mend: apt-get install haproxy',
      '1 to mend, 1 to know of\n',
    ].join('\n'),
  )
  expect(renderFindings([ok('node', 'v24.21.0')])).toBe('ok  node  v24.21.0\nall is well\n')
})

test.each([
  ['much memory', judgeMemory(4 * GIB), 'ok'],
  ['little memory', judgeMemory(GIB), 'warning'],
  ['an empty disk', judgeDisk('state', { bytes: 50 * GIB, folder: '/s' }), 'ok'],
  ['a disk that fills up', judgeDisk('state', { bytes: 2 * GIB, folder: '/s' }), 'warning'],
  ['a full disk', judgeDisk('state', { bytes: GIB / 2, folder: '/s' }), 'problem'],
  ['enough open files', judgeOpenFiles(1024), 'ok'],
  ['any number of open files', judgeOpenFiles(Number.POSITIVE_INFINITY), 'ok'],
  ['few open files', judgeOpenFiles(256), 'problem'],
  ['a clock that goes right', judgeClock(1000, { ms: 999, what: 'the installation was made' }), 'ok'],
  ['a clock that is a little behind', judgeClock(0, { ms: 59_000, what: 'it was made' }), 'ok'],
  ['a clock that is behind', judgeClock(0, { ms: 3_600_000, what: 'it was made' }), 'problem'],
  ['secrets of our own', judgeModes([{ path: '/s', mode: 0o40700, ownerId: 5 }], 5), 'ok'],
  ['secrets that others can read', judgeModes([{ path: '/s', mode: 0o100640, ownerId: 5 }], 5), 'problem'],
  ['secrets of somebody else', judgeModes([{ path: '/s', mode: 0o100600, ownerId: 0 }], 5), 'problem'],
])('when there is %s, it is judged', (_title, finding, state) => {
  expect(finding.state).toBe(state)
  expect(finding.mend === undefined).toBe(state === 'ok')
})

test('when the kernel tells of memory and limits, they are read', () => {
  expect(readAvailableMemory('MemTotal:  100 kB\nMemAvailable:   2048 kB\n')).toBe(2048 * 1024)
  expect(readAvailableMemory('')).toBeUndefined()
  const limits =
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 524288               files\n'
  expect(readOpenFilesLimit(limits)).toBe(1024)
  expect(readOpenFilesLimit('Max open files   unlimited   unlimited   files')).toBe(Number.POSITIVE_INFINITY)
})
