import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { componentsOf, selectInstances } from './select.ts'
import { followLines, lastLines, markEnd } from './tail.ts'

const instances = [
  'etcd-a',
  'etcd-b',
  'etcd-hop-a',
  'kube-apiserver-a',
  'endpoint-1',
  'endpoint-2',
  'service',
  'ng-1.kubelet',
  'ng-2.kubelet',
  'ng-2.containerd',
]

test.each([
  ['etcd', undefined, ['etcd-a', 'etcd-b']],
  ['etcd', 'b', ['etcd-b']],
  ['etcd-hop', undefined, ['etcd-hop-a']],
  ['etcd-b', undefined, ['etcd-b']],
  ['endpoint', undefined, ['endpoint-1', 'endpoint-2']],
  ['service', undefined, ['service']],
  ['kube', undefined, []],
  ['kubelet', undefined, ['ng-1.kubelet', 'ng-2.kubelet']],
  ['ng-2', undefined, ['ng-2.containerd', 'ng-2.kubelet']],
  ['ng-1.kubelet', undefined, ['ng-1.kubelet']],
  ['ng', undefined, []],
])('when %s of zone %s is asked for, it is %j', (component, zone, expected) => {
  expect(selectInstances(instances, { component, zone })).toEqual(expected)
})

test('when nothing matches, what can be asked for is each component once', () => {
  expect(componentsOf(instances)).toEqual('containerd,endpoint,etcd,etcd-hop,kube-apiserver,kubelet,service'.split(','))
})

describe('a log folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'evenkeel-logs-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  test('when the current piece is short, the last lines reach back into rotated ones', async () => {
    await writeFile(join(folder, '@400000005f0000000000000a.s'), 'one\ntwo\n')
    await writeFile(join(folder, '@400000005f0000000000000b.s'), 'three\n')
    await writeFile(join(folder, 'current'), 'four\nfi')
    await writeFile(join(folder, 'lock'), '')
    const mark = await markEnd(folder)
    await appendFile(join(folder, 'current'), 've\nsix\n')
    expect(await lastLines(folder, 3, mark)).toEqual(['three', 'four', 'fi'])
    expect(await lastLines(folder, 10, mark)).toEqual(['one', 'two', 'three', 'four', 'fi'])
    expect(await lastLines(folder, 0, mark)).toEqual([])
    expect(await lastLines(folder, 2, undefined)).toEqual(['two', 'three'])
  })

  test('when it is followed over a rotation, each new line comes once and in order', async () => {
    const current = join(folder, 'current')
    await writeFile(current, 'old\n')
    const stop = new AbortController()
    const lines: string[] = []
    const mark = await markEnd(folder)
    const following = followLines(folder, { mark, signal: stop.signal, tell: (line) => void lines.push(line) })
    await appendFile(current, 'one\ntw')
    await waitFor(() => lines.length === 1, { what: 'the first line' })
    await appendFile(current, 'o\nthree\n')
    await rename(current, join(folder, '@400000005f0000000000000a.s'))
    await writeFile(current, 'four\n')
    await waitFor(() => lines.length === 4, { what: 'the line after the rotation' })
    stop.abort()
    await following
    expect(lines).toEqual(['one', 'two', 'three', 'four'])
  })

  test('when it is rotated several times between two looks, nothing is missed', async () => {
    const current = join(folder, 'current')
    await writeFile(current, 'old\n')
    const mark = await markEnd(folder)
    await appendFile(current, 'one\n')
    for (const [at, line] of ['two', 'three', 'four'].entries()) {
      await rename(current, join(folder, `@400000005f0000000000000${at}.s`))
      await writeFile(current, `${line}\n`)
    }
    const stop = new AbortController()
    const lines: string[] = []
    const following = followLines(folder, { mark, signal: stop.signal, tell: (line) => void lines.push(line) })
    await waitFor(() => lines.length === 4, { what: 'all lines' })
    await rename(current, join(folder, '@400000005f00000000000009.s'))
    await writeFile(current, 'five\n')
    await rename(current, join(folder, '@400000005f0000000000000a.s'))
    await writeFile(current, 'six\n')
    await waitFor(() => lines.length === 6, { what: 'the lines after two more rotations' })
    stop.abort()
    await following
    expect(lines).toEqual(['one', 'two', 'three', 'four', 'five', 'six'])
  })

  test('when nothing is written yet, or the folder is made anew, it waits and then tells all', async () => {
    await rm(folder, { recursive: true })
    const stop = new AbortController()
    const lines: string[] = []
    const following = followLines(folder, {
      mark: undefined,
      signal: stop.signal,
      tell: (line) => void lines.push(line),
    })
    await mkdir(folder)
    await writeFile(join(folder, 'current'), 'one\n')
    await waitFor(() => lines.length === 1, { what: 'the first line' })
    await rm(folder, { recursive: true })
    await mkdir(folder)
    await writeFile(join(folder, 'current'), 'two\n')
    await waitFor(() => lines.length === 2, { what: 'the line in the new folder' })
    stop.abort()
    await following
    expect(lines).toEqual(['one', 'two'])
  })
})
