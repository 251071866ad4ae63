import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureImages, imagePath } from './images/index.ts'
import { independentVersions } from './releases/index.ts'
import { programPath } from './store/index.ts'
import { installFakeCrane, putProgram } from './testing/fake-crane.ts'
import { serveFolder } from './testing/fake-site.ts'
import { run, surroundingsWith } from './testing/run.ts'
import { mountSmallDisk } from './testing/small-disk.ts'
import { fakeProgram, publishKubernetes, temporaryFolder } from './testing/upstream.ts'

test('when the disk of the store is full, nothing is half-installed, and with more room the next try goes on', async () => {
  using folder = temporaryFolder()
  const [upstream, store] = [join(folder.path, 'upstream'), join(folder.path, 'store')]
  mkdirSync(upstream)
  using disk = mountSmallDisk(store, 5)
  publishKubernetes(upstream, 'v1.37.9', { padding: 2 * 2 ** 20 })
  await using site = await serveFolder(upstream)
  const options = { store, surroundings: surroundingsWith(site.base) }
  const programs = () => readdirSync(store, { recursive: true }).filter((path) => /linux-\w+\/kube/.test(String(path)))

  const full = await run({ kubernetes: ['v1.37.9'] }, options)
  expect(full.error).toMatchObject({
    fault: 'disk-full',
    message: expect.stringMatching(/no space is left.*free some/),
  })
  expect(programs()).toEqual([])
  disk.resize(50)
  expect((await run({ kubernetes: ['v1.37.9'] }, options)).error).toBeUndefined()
  expect(programs()).not.toEqual([])
})

test('when the disk of the store is full while an image is made, there is none, and with more room it is made', async () => {
  using folder = temporaryFolder()
  const store = join(folder.path, 'store')
  using disk = mountSmallDisk(store, 3)
  const pause = { name: 'pause', version: independentVersions().pause } as const
  installFakeCrane(store)
  putProgram(programPath(pause, store), fakeProgram(pause.version, 2 * 2 ** 20))
  const make = () => ensureImages({ pause: [pause.version] }, { store, surroundings: surroundingsWith('') })
  await expect(make()).rejects.toMatchObject({ fault: 'disk-full', message: expect.stringMatching(/free some/) })
  expect(existsSync(imagePath(pause, store))).toBe(false)
  expect(readdirSync(join(store, '.staging'))).toEqual(['partial'])
  disk.resize(50)
  expect(await make()).toMatchObject([{ source: 'made' }])
})
