import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'

const root = dirname(import.meta.dirname)
const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const
type Manifest = Partial<Record<(typeof KINDS)[number], Record<string, string>>>

function read<T>(path: string): T {
  return JSON.parse(readFileSync(`${root}/${path}`, 'utf8')) as T
}

const lock = read<{ packages: Record<string, Manifest & { version?: string; integrity?: string; link?: boolean }> }>(
  'package-lock.json',
)
const folders = ['.', ...globSync(['packages/*/package.json', 'e2e/package.json', 'bench/package.json'], { cwd: root })]

test.each(folders)('when %s asks for a package, the lock file pins what it asks for', (path) => {
  const folder = path.replace(/\/?package\.json$/, '')
  const manifest = read<Manifest>(folder === '.' ? 'package.json' : path)
  const locked = lock.packages[folder === '.' ? '' : folder]
  for (const kind of KINDS) expect(locked?.[kind] ?? {}).toEqual(manifest[kind] ?? {})
})

test('when a package comes from the registry, the lock file pins its digest', () => {
  const loose = Object.entries(lock.packages).filter(
    ([path, entry]) => path.startsWith('node_modules/') && entry.link !== true && entry.integrity === undefined,
  )
  expect(loose.map(([path]) => path)).toEqual([])
})
