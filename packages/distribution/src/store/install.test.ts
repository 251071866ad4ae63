import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/upstream.ts'
import { installPrograms } from './install.ts'
import { openStaging } from './staging.ts'

function stage(folder: string, programs: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(programs)) writeFileSync(join(folder, name), content, { mode: 0o755 })
  return folder
}

test('when a set is new, its folder enters as a whole', async () => {
  using store = temporaryFolder()
  const staged = stage(join(store.path, 'staged'), { etcd: 'one', etcdctl: 'two' })
  const target = join(store.path, 'etcd/v3.7.3/linux-amd64')
  await installPrograms(staged, ['etcd', 'etcdctl'], target)
  expect(readdirSync(target).sort()).toEqual(['etcd', 'etcdctl'])
  expect(existsSync(staged)).toBe(false)
})

test('when some of a set is there, it stays, what is missing is added, and what is broken is replaced', async () => {
  using store = temporaryFolder()
  const target = join(store.path, 'etcd/v3.7.3/linux-amd64')
  await installPrograms(stage(join(store.path, 'first'), { etcd: 'first' }), ['etcd'], target)
  writeFileSync(join(target, 'etcdutl'), '')
  const staged = stage(join(store.path, 'second'), { etcd: 'second', etcdctl: 'second', etcdutl: 'second' })
  await installPrograms(staged, ['etcd', 'etcdctl', 'etcdutl'], target)
  const contents = ['etcd', 'etcdctl', 'etcdutl'].map((name) => readFileSync(join(target, name), 'utf8'))
  expect(contents).toEqual(['first', 'second', 'second'])
})

test('when staging is opened, what the dead have left is swept, but for recent partial downloads', async () => {
  using store = temporaryFolder()
  const first = await openStaging(store.path)
  writeFileSync(join(first.folder, 'half'), 'half')
  writeFileSync(join(first.partials, 'recent'), 'part')
  writeFileSync(join(first.partials, 'old'), 'part')
  utimesSync(join(first.partials, 'old'), new Date(), new Date(Date.now() - 8 * 24 * 3600 * 1000))
  const second = await openStaging(store.path)
  expect(existsSync(first.folder)).toBe(false)
  expect(readdirSync(second.folder)).toEqual([])
  expect(readdirSync(second.partials)).toEqual(['recent'])
  await second.discard()
  expect(readdirSync(join(store.path, '.staging'))).toEqual(['partial'])
})
