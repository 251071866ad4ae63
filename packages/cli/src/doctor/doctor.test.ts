import { expect, test } from 'vitest'
import type { Disk } from '../machine/index.ts'
import { ok, problem, renderFindings, warning } from './finding.ts'
import {
  judgeClock,
  judgeDisk,
  judgeFileSystem,
  judgeInotify,
  judgeKernel,
  judgeListeners,
  judgeMemory,
  judgeModes,
  judgeNetworks,
  judgeOpenFiles,
  judgeProcessors,
  judgeTasks,
} from './judge.ts'
import { readAvailableMemory, readControlGroup, readHardLimit, readWildcardListeners } from './proc.ts'

const GIB = 1024 ** 3
const EXT4 = 0xef53
const disk = (change: Partial<Disk>): Disk => ({
  folder: '/s',
  freeBytes: 50 * GIB,
  freeFiles: 1e6,
  type: EXT4,
  device: 1,
  ...change,
})

test('when clusters can have networks of their own, that is fine; else it says why not, and how', () => {
  expect(judgeNetworks(undefined).state).toBe('ok')
  expect(judgeNetworks('only root can make private networks')).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('only root'),
    mend: expect.stringContaining('as root'),
  })
})

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
  ['an empty disk', judgeDisk('state', disk({}), GIB), 'ok'],
  ['a disk that fills up', judgeDisk('state', disk({ freeBytes: 2 * GIB }), GIB), 'warning'],
  ['a full disk', judgeDisk('state', disk({ freeBytes: GIB / 2 }), GIB), 'problem'],
  ['a disk that is full by another floor', judgeDisk('state', disk({ freeBytes: 7 * GIB }), 8 * GIB), 'problem'],
  ['a disk without inodes', judgeDisk('state', disk({ freeFiles: 12 }), GIB), 'problem'],
  ['a disk that does not count inodes', judgeDisk('state', disk({ freeFiles: undefined }), GIB), 'ok'],
  ['a local file system', judgeFileSystem(disk({})), 'ok'],
  ['NFS', judgeFileSystem(disk({ type: 0x6969 })), 'problem'],
  ['a folder in memory', judgeFileSystem(disk({ type: 0x01021994 })), 'warning'],
  ['enough open files', judgeOpenFiles(4096), 'ok'],
  ['any number of open files', judgeOpenFiles(Number.POSITIVE_INFINITY), 'ok'],
  ['few open files', judgeOpenFiles(1024), 'problem'],
  ['room for many processes', judgeTasks(Number.POSITIVE_INFINITY), 'ok'],
  ['room for few processes', judgeTasks(100), 'problem'],
  ['room for inotify', judgeInotify({ limit: 128, used: 10 }), 'ok'],
  ['little room for inotify', judgeInotify({ limit: 128, used: 100 }), 'warning'],
  ['a kernel of Debian 12', judgeKernel('6.1.0-18-amd64'), 'ok'],
  ['an old kernel', judgeKernel('4.9.0-19-amd64'), 'problem'],
  ['two processors', judgeProcessors(2), 'ok'],
  ['one processor', judgeProcessors(1), 'warning'],
  ['somebody at a port of no cluster', judgeListeners(new Set([22, 8080])), 'ok'],
  ['another Kubernetes at all addresses', judgeListeners(new Set([22, 6443])), 'problem'],
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
  const limits = [
    'Limit                     Soft Limit           Hard Limit           Units',
    'Max processes             unlimited            unlimited            processes',
    'Max open files            1024                 524288               files',
  ].join('\n')
  expect(readHardLimit(limits, 'Max open files')).toBe(524_288)
  expect(readHardLimit(limits, 'Max processes')).toBe(Number.POSITIVE_INFINITY)
  expect(readHardLimit(limits, 'Max nice priority')).toBeUndefined()
})

test('when the kernel lists sockets, those that listen at all addresses are found', () => {
  const tcp = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 00000000:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0',
    '   1: 0100007F:1D13 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0',
    '   2: 00000000:0016 0100007F:0017 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0',
  ].join('\n')
  expect(readWildcardListeners(tcp)).toEqual([6443])
  expect(readWildcardListeners(`   0: ${'0'.repeat(32)}:1F90 ${'0'.repeat(32)}:0000 0A 0`)).toEqual([8080])
})

test('when control groups are of version 1, 2 or both, the one of a controller is found', () => {
  const both = '9:name=systemd:/\n4:memory:/a/b\n1:cpu,cpuacct:/c\n0::/d\n'
  expect(readControlGroup(both, 'memory')).toBe('/a/b')
  expect(readControlGroup(both, 'cpuacct')).toBe('/c')
  expect(readControlGroup(both, '')).toBe('/d')
  expect(readControlGroup('0::/user.slice\n', 'memory')).toBeUndefined()
})
