import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { currentPlatform } from '../programs.ts'
import { temporaryFolder } from '../testing/upstream.ts'
import { isInstalled, programPath, storeRoot } from './layout.ts'

test.each([
  [{ EVENKEEL_STORE: '/s', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/s'],
  [{ EVENKEEL_STORE: '', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/evenkeel/store'],
  [{ XDG_CACHE_HOME: 'relative', HOME: '/h' }, '/h/.cache/evenkeel/store'],
  [{ HOME: '/h' }, '/h/.cache/evenkeel/store'],
])('when the environment is %o, the store is %s', (environment, root) => {
  expect(storeRoot(environment)).toBe(root)
})

test('when EVENKEEL_STORE is relative, it is refused: it would be another store in every folder', () => {
  expect(() => storeRoot({ EVENKEEL_STORE: 'store' })).toThrow(/absolute/)
})

test('when a program is named, its path follows from name and version alone', () => {
  const platform = currentPlatform()
  expect(programPath({ name: 'kubectl', version: 'v1.37.2' }, '/s')).toBe(`/s/kubernetes/v1.37.2/${platform}/kubectl`)
  expect(programPath({ name: 'etcdutl', version: 'v3.7.3' }, '/s')).toBe(`/s/etcd/v3.7.3/${platform}/etcdutl`)
})

test.each([
  ['kubeadm', 'v1.37.2'],
  ['../kubectl', 'v1.37.2'],
  ['kubectl', '1.37.2'],
  ['kubectl', 'v1.37'],
  ['kubectl', 'v1.37.2/../..'],
  ['kubectl', 'latest'],
])('when %s %s is named, which cannot be, it is refused', (name, version) => {
  expect(() => programPath({ name, version }, '/s')).toThrow(/there is no program|is no version/)
})

test('when a file is empty or cannot be run, it does not count as installed', async () => {
  using store = temporaryFolder()
  const program = { name: 'etcd', version: 'v3.7.3' }
  const path = programPath(program, store.path)
  expect(await isInstalled(program, store.path)).toBe(false)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '', { mode: 0o755 })
  expect(await isInstalled(program, store.path)).toBe(false)
  writeFileSync(path, 'content')
  chmodSync(path, 0o644)
  expect(await isInstalled(program, store.path)).toBe(false)
  chmodSync(path, 0o755)
  expect(await isInstalled(program, store.path)).toBe(true)
})
