import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProgressEvent, SourceCheck } from '@evenkeel/distribution'
import { expect, test } from 'vitest'
import { progressLine, requireObtainable } from './programs.ts'
import { findSystemProgram, installLine, missingPackages, neededPackages } from './system-packages.ts'

test('when a program is on PATH, it is found there; what may not be run is not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-path-'))
  try {
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'bin', 'evenkeel-example'), '#!/bin/sh\n')
    const environment = { PATH: `${folder}:${join(folder, 'bin')}` }
    expect(await findSystemProgram('evenkeel-example', environment)).toBeUndefined()
    await chmod(join(folder, 'bin', 'evenkeel-example'), 0o755)
    expect(await findSystemProgram('evenkeel-example', environment)).toBe(join(folder, 'bin', 'evenkeel-example'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('when packages are missing, one line installs them', () => {
  expect(installLine(['s6', 'haproxy'])).toBe('apt-get install -y --no-install-recommends s6 haproxy')
})

test('when somebody is root, what networks of clusters take is needed, too', async () => {
  expect(neededPackages(false)).toEqual(['s6', 'haproxy'])
  expect(neededPackages(true)).toEqual(['s6', 'haproxy', 'iproute2', 'nftables', 'util-linux', 'mount', 'e2fsprogs'])
  expect((await missingPackages({ PATH: '' }, true)).filter((name) => !neededPackages(true).includes(name))).toEqual([])
})

const kubernetes = { set: 'kubernetes', version: 'v1.37.2' } as const

test('when one source has everything, nothing is complained of', () => {
  const checks: SourceCheck[] = [
    { ...kubernetes, source: 'store', isUsable: false, detail: 'kubectl not in the store' },
    { ...kubernetes, source: 'build', isUsable: true, detail: 'Go 1.26.8' },
  ]
  expect(requireObtainable(checks)).toBeUndefined()
})

test('when something can be had from nowhere, it says why not and what would help', () => {
  const checks: SourceCheck[] = [
    { ...kubernetes, source: 'official', isUsable: false, detail: 'dl.k8s.io gave no answer' },
    { ...kubernetes, source: 'build', isUsable: false, detail: 'no Go', mend: 'install Go 1.26 or later' },
    { source: 'store', set: 'etcd', version: 'v3.7.3', isUsable: true, detail: 'there' },
  ]
  expect(() => requireObtainable(checks)).toThrow(
    'Kubernetes v1.37.2 can be had from nowhere (official: dl.k8s.io gave no answer; build: no Go); install Go 1.26 or later, then repeat',
  )
})

const event: Pick<ProgressEvent, 'set' | 'version' | 'programs'> = { ...kubernetes, programs: ['kubectl'] }

test.each<[ProgressEvent, string]>([
  [
    {
      ...event,
      phase: 'downloading',
      message: 'from dl.k8s.io',
      doneBytes: 1024 ** 2,
      totalBytes: 1024 ** 2 * 200,
      elapsedMs: 3000,
    },
    'from dl.k8s.io, 1.0 MiB of 200 MiB, 3.0 s',
  ],
  [
    { ...event, phase: 'downloading', message: 'from dl.k8s.io', doneBytes: 10, elapsedMs: 100 },
    'from dl.k8s.io, 10 B, 0.1 s',
  ],
  [
    {
      ...event,
      phase: 'building',
      message: 'building with Go 1.26.8',
      donePackages: 12,
      totalPackages: 1203,
      elapsedMs: 61_000,
    },
    'building with Go 1.26.8, 12 of 1203 packages, 1 min 1 s',
  ],
  [{ ...event, phase: 'looking', message: 'asking dl.k8s.io', elapsedMs: 0 }, 'asking dl.k8s.io, 0.0 s'],
])('when the event is %o, the line reads %s', (given, line) => {
  expect(progressLine(given)).toBe(line)
})
