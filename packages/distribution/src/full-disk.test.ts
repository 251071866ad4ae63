import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serveFolder } from './testing/fake-site.ts'
import { run, surroundingsWith } from './testing/run.ts'
import { publishKubernetes, temporaryFolder } from './testing/upstream.ts'

/** A file system in memory of so many MiB; `resize` gives it more room. */
function mountSmallDisk(folder: string, megabytes: number) {
  if (process.getuid?.() !== 0) throw new Error('this test mounts a small disk, which only root may do: run it as root')
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  return {
    resize: (size: number) => execFileSync('mount', ['-o', `remount,size=${size}m`, folder]),
    [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', folder]),
  }
}

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
