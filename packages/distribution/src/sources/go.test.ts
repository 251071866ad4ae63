import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/upstream.ts'
import { findGo } from './go.ts'

function putGo(folder: string, answer: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'go')
  writeFileSync(path, `#!/bin/sh\n${answer}\n`)
  chmodSync(path, 0o755)
  return path
}

test.each([
  ['go1.26.0', true],
  ['go1.26.8', true],
  ['go1.27rc1', true],
  ['devel go1.28-abcdef', true],
  ['go1.26.8 X:jsonv2', true],
  ['go2.0', true],
  ['go1.25.9', false],
  ['go1.9', false],
  ['nonsense', false],
])('when the only Go says %s, being good enough is %s', async (answer, found) => {
  using folder = temporaryFolder()
  putGo(folder.path, `echo "${answer}"`)
  expect((await findGo({ environment: { PATH: folder.path }, usualPlaces: [] })).found).toBe(found)
})

test('when the Go on PATH is too old, one in the usual places is taken', async () => {
  using folder = temporaryFolder()
  putGo(join(folder.path, 'old'), 'echo go1.19.8')
  const path = putGo(join(folder.path, 'go-1.26/bin'), 'echo go1.26.2')
  const environment = { PATH: join(folder.path, 'old') }
  const usualPlaces = [join(folder.path, 'go-*/bin/go')]
  expect(await findGo({ environment, usualPlaces })).toEqual({ found: true, path, version: '1.26.2' })
})

test('when there is none that will do, it says what is there and what to install', async () => {
  using folder = temporaryFolder()
  const none = await findGo({ environment: { PATH: '' }, usualPlaces: [] })
  expect(none).toMatchObject({ found: false, reason: expect.stringContaining('none was found') })
  const path = putGo(folder.path, 'echo go1.19.8')
  putGo(join(folder.path, 'broken'), 'exit 3')
  const environment = { PATH: `${folder.path}:${join(folder.path, 'broken')}` }
  expect(await findGo({ environment, usualPlaces: [] })).toEqual({
    found: false,
    reason: `Go 1.26 or later is needed: ${path} is 1.19.8`,
    mend: 'install Go 1.26 or later (https://go.dev/dl/) and put it on PATH',
  })
})
