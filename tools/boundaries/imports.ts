import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'

/** One import as it stands in the source. Paths are relative to the repository, with `/`. */
export interface Edge {
  /** File that imports, such as `packages/keeper/src/main.ts`. */
  readonly from: string
  /** As written: `./plan.ts`, `@evenkeel/kernel`, `node:fs`, `undici`. */
  readonly specifier: string
  /** Gone at run time (`import type`). */
  readonly typeOnly: boolean
  /** Imported names before any `as`; `*` for a whole module, nothing for a bare import. */
  readonly names: readonly string[]
  /** Those of `names` that exist at run time. */
  readonly values: readonly string[]
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?([^'"`;()=]*?)\s*from\s+'([^']+)'/gm
const BARE = /^import\s+'([^']+)'/gm
const DYNAMIC = /(?<![.\w])import\(\s*'([^']+)'\s*\)/g

function partsOf(clause: string): { name: string; isType: boolean }[] {
  if (!clause.includes('{')) return [{ name: '*', isType: false }]
  const inner = clause.slice(clause.indexOf('{') + 1, clause.lastIndexOf('}'))
  return inner
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => ({ name: part.replace(/^type\s+/, '').split(/\s/)[0]!, isType: /^type\s/.test(part) }))
}

/** The imports and re-exports of one source text, in the form that our formatter gives them. */
export function readEdges(from: string, source: string): Edge[] {
  const edges: Edge[] = []
  for (const [, type, clause, specifier] of source.matchAll(STATEMENT)) {
    const parts = partsOf(clause!)
    const typeOnly = type !== undefined
    const values = typeOnly ? [] : parts.filter((part) => !part.isType)
    const namesOf = (those: typeof parts) => those.map((part) => part.name)
    edges.push({ from, specifier: specifier!, typeOnly, names: namesOf(parts), values: namesOf(values) })
  }
  for (const [, specifier] of source.matchAll(BARE)) {
    edges.push({ from, specifier: specifier!, typeOnly: false, names: [], values: [] })
  }
  for (const [, specifier] of source.matchAll(DYNAMIC)) {
    edges.push({ from, specifier: specifier!, typeOnly: false, names: ['*'], values: ['*'] })
  }
  return edges
}

/** Every import of every TypeScript file below `packages`, `e2e`, `bench` and `tools` of the repository `root`. */
export function readRepository(root: string): Edge[] {
  const edges: Edge[] = []
  for (const top of ['packages', 'e2e', 'bench', 'tools']) {
    for (const entry of readdirSync(`${root}/${top}`, { recursive: true, withFileTypes: true })) {
      const path = posix.join(entry.parentPath.slice(root.length + 1), entry.name)
      if (!entry.isFile() || !path.endsWith('.ts') || path.includes('node_modules/')) continue
      edges.push(...readEdges(path, readFileSync(`${root}/${path}`, 'utf8')))
    }
  }
  return edges
}

/** Where an edge leads. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  /** A package of ours; `entry` is what follows its name, such as `kinds`, or empty. */
  | { readonly kind: 'house'; readonly name: string; readonly entry: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'npm'; readonly name: string }

export function targetOf(edge: Edge): Target {
  const { specifier } = edge
  if (specifier.startsWith('.')) return { kind: 'file', path: posix.join(posix.dirname(edge.from), specifier) }
  if (isBuiltin(specifier)) return { kind: 'node', name: specifier.replace(/^node:/, '') }
  const parts = specifier.split('/')
  if (parts[0] === '@evenkeel') return { kind: 'house', name: parts[1]!, entry: parts.slice(2).join('/') }
  return { kind: 'npm', name: specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]! }
}

/** Where a file stands: its package, and its slice (the folder below `src`; empty for files of `src` itself). */
export function roomOf(path: string): { readonly package: string; readonly slice: string } {
  const parts = path.split('/')
  if (parts[0] !== 'packages') return { package: parts[0]!, slice: '' }
  return { package: parts[1]!, slice: parts.length > 4 ? parts[3]! : '' }
}

/** Tests, and what only tests use. */
export function isTestFile(path: string): boolean {
  return /\.(test|fixture|bench)\.ts$/.test(path) || /\/(testing|conformance|fixtures)(\/|\.ts$)/.test(path)
}
