import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dockerArchive } from '@evenkeel/distribution/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadImageFile, removeImageNamed, showImages } from './image.ts'

const INSTALLATION = {
  version: 1,
  id: 'aaaaaaaaaa',
  octet: 7,
  region: 'local-1',
  accountId: '123456789012',
  zones: ['a', 'b', 'c'],
  address: '127.0.0.1',
  servicePort: 7443,
  lockSecret: 'b'.repeat(32),
  createdAt: '2026-11-25T00:00:00Z',
}

let home: string
let written: string
const context = { signal: new AbortController().signal, write: (text: string) => void (written += text) }

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'evenkeel-image-'))
  vi.stubEnv('EVENKEEL_HOME', home)
  vi.stubEnv('EVENKEEL_FLOOR_BYTES', '0')
  writeFileSync(join(home, 'installation.json'), JSON.stringify(INSTALLATION))
  written = ''
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true, force: true })
})

async function archiveOf(name: string): Promise<string> {
  const file = join(home, 'web.tar')
  writeFileSync(file, await dockerArchive([name]))
  return file
}

test('when an archive is loaded, it says which images it holds, lists them, and removes them by name', async () => {
  const file = await archiveOf('web:1')
  await loadImageFile(file, context)
  expect(written).toMatch(/^loaded docker\.io\/library\/web:1 \(\d+(\.\d+)? KiB, [0-9a-f]{12}\)\n$/)
  expect(readdirSync(join(home, 'images'))).toHaveLength(2)
  written = ''
  await loadImageFile(file, context)
  expect(written).toMatch(/^is loaded already: docker\.io\/library\/web:1/)
  written = ''
  await showImages({ output: 'text' }, context.write)
  expect(written).toMatch(
    /^IMAGE +ID +SIZE +LOADED\ndocker\.io\/library\/web:1 +[0-9a-f]{12} +\S+ KiB +\d{4}-\d\d-\d\d\n$/,
  )
  written = ''
  await removeImageNamed('web:1', context)
  expect(written).toMatch(/^removed docker\.io\/library\/web:1 /)
  written = ''
  await showImages({ output: 'json' }, context.write)
  expect(JSON.parse(written)).toEqual({ images: [] })
})

test('when its tag is latest, it says what Kubernetes makes of that', async () => {
  await loadImageFile(await archiveOf('web'), context)
  expect(written).toContain('imagePullPolicy: IfNotPresent')
})

test('when there is no such file, or it is a folder, it says what to do', async () => {
  await expect(loadImageFile(join(home, 'none.tar'), context)).rejects.toThrow(/none\.tar cannot be read: docker save/)
  await expect(loadImageFile(home, context)).rejects.toThrow(/is a folder: pack an OCI layout with tar/)
})

test('when the disk has no room beside what is kept free for clusters, it says so before it reads the file', async () => {
  vi.stubEnv('EVENKEEL_FLOOR_BYTES', String(2 ** 50))
  await expect(loadImageFile(await archiveOf('web:1'), context)).rejects.toThrow(
    /has room for 0 B beside what is kept free/,
  )
})

test('when there is no installation, it says how to make one', async () => {
  rmSync(join(home, 'installation.json'))
  await expect(showImages({ output: 'text' }, context.write)).rejects.toThrow(/\.\/evenkeel up makes one/)
})
