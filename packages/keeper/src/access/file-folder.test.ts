import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileFolder } from './file-folder.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-folder-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

it('when files are written and removed, readers see them whole, and nobody else can read them', async () => {
  const folder = new FileFolder(join(root, 'authenticator'))
  expect(await folder.list()).toEqual([])
  expect(await folder.read('clusters/abc.json')).toBeUndefined()
  await folder.write('clusters/abc.json', 'one')
  await folder.write('clusters/abc.json', 'two')
  await folder.write('signing-keys.json', 'keys')
  expect(await folder.read('clusters/abc.json')).toBe('two')
  expect([...(await folder.list())].sort()).toEqual(['clusters/abc.json', 'signing-keys.json'])
  expect((await stat(join(root, 'authenticator/clusters/abc.json'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(root, 'authenticator/clusters'))).mode & 0o777).toBe(0o700)
  await folder.remove('clusters/abc.json')
  await folder.remove('clusters/abc.json')
  expect(await folder.list()).toEqual(['signing-keys.json'])
})
