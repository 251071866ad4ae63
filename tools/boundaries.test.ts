import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Edge, isTestFile, readEdges, readRepository } from './boundaries/imports.ts'
import { findBrokenRules, findUndeclared } from './boundaries/rules.ts'

const root = dirname(import.meta.dirname)

function dependenciesOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(`${root}/${folder}/package.json`, 'utf8')) as {
    dependencies?: Record<string, string>
    devDependencies?: Record<string, string>
  }
  return [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]
}

describe('the house', () => {
  const edges = readRepository(root)

  test('when its imports are read, it finds some', () => {
    expect(edges.length).toBeGreaterThan(20)
  })

  test('when an import breaks a rule, it prints the edge and the rule', () => {
    expect(findBrokenRules(edges).join('\n')).toBe('')
  })

  test('when production code imports a package, its own package declares it', () => {
    const declared = (name: string) => {
      const isOutside = name === 'e2e' || name === 'bench' || name === 'tools'
      return new Set(dependenciesOf(isOutside ? '.' : `packages/${name}`))
    }
    const production = edges.filter((edge) => edge.from.startsWith('packages/') && !isTestFile(edge.from))
    expect(findUndeclared(production, declared).join('\n')).toBe('')
  })
})

describe('reading imports', () => {
  test.each<[string, string, Partial<Edge>[]]>([
    [
      'names',
      "import { a, type B, c as d } from './x.ts'",
      [{ specifier: './x.ts', typeOnly: false, names: ['a', 'B', 'c'], values: ['a', 'c'] }],
    ],
    [
      'types',
      "import type { A } from '@evenkeel/kernel'",
      [{ specifier: '@evenkeel/kernel', typeOnly: true, names: ['A'], values: [] }],
    ],
    ['several lines', "import {\n  a,\n  b,\n} from 'undici'", [{ specifier: 'undici', names: ['a', 'b'] }]],
    ['a default', "import fastify from 'fastify'", [{ specifier: 'fastify', names: ['*'] }]],
    ['everything', "import * as x509 from '@peculiar/x509'", [{ specifier: '@peculiar/x509', names: ['*'] }]],
    ['a bare import', "import 'reflect-metadata'", [{ specifier: 'reflect-metadata', names: [] }]],
    ['a re-export', "export * from './cluster.ts'", [{ specifier: './cluster.ts', names: ['*'] }]],
    ['a re-export of types', "export type { A } from './a.ts'", [{ specifier: './a.ts', typeOnly: true }]],
    ['a late import', "const x = await import('node:fs')", [{ specifier: 'node:fs', typeOnly: false }]],
    ['code that only looks like it', "export const from = 'x'\nconst y = `import { a } from 'b'`", []],
  ])('when the source has %s, it is read', (_title, source, expected) => {
    const edges = readEdges('packages/cli/src/x.ts', source)
    expect(edges).toHaveLength(expected.length)
    for (const [at, part] of expected.entries()) expect(edges[at]).toMatchObject(part)
  })
})

describe('the rules', () => {
  const rows: readonly [from: string, source: string, rule: string | undefined][] = [
    ['packages/kernel/src/x.ts', "import type { Condition } from '@evenkeel/contract/kinds'", undefined],
    ['packages/kernel/src/x.ts', "import type { Cluster } from '@evenkeel/contract/kinds'", 'no product noun'],
    ['packages/kernel/src/x.ts', "import { clusterId } from '@evenkeel/contract'", 'no product noun'],
    ['packages/kernel/src/x.ts', "import type { Place } from '@evenkeel/substrate'", 'kernel sees contract only'],
    ['packages/contract/src/x.ts', "import { log } from '@evenkeel/kernel'", 'contract sees no other package'],
    ['packages/contract/src/x.ts', "import { readFileSync } from 'node:fs'", 'no Node module outside generate.ts'],
    ['packages/contract/src/x.ts', "import { createHash } from 'crypto'", 'no Node module outside generate.ts'],
    ['packages/contract/src/generate.ts', "import { readFileSync } from 'node:fs'", undefined],
    ['packages/contract/src/sigv4/x.ts', "import { y } from './y.ts'", undefined],
    ['packages/contract/src/sigv4/x.ts', "import { y } from '../kinds/index.ts'", 'imports nothing of ours but itself'],
    ['packages/substrate/src/x.ts', "import { log } from '@evenkeel/kernel'", undefined],
    [
      'packages/substrate/src/x.ts',
      "import { x } from '@evenkeel/substrate-local'",
      'substrate sees contract, kernel only',
    ],
    ['packages/substrate-local/src/x.ts', "import { isFault } from '@evenkeel/substrate'", undefined],
    ['packages/substrate-local/src/x.ts', "import { x } from '@evenkeel/keeper'", 'substrate-local sees'],
    [
      'packages/substrate-simulated/src/x.ts',
      "import { programPath } from '@evenkeel/distribution'",
      'substrate-simulated sees contract, kernel, substrate only',
    ],
    ['packages/service/src/x.ts', "import { x } from '@evenkeel/keeper'", 'never see each other'],
    ['packages/service/src/x.test.ts', "import { x } from '@evenkeel/keeper'", 'never see each other'],
    ['packages/keeper/src/x.ts', "import type { X } from '@evenkeel/service'", 'never see each other'],
    [
      'packages/keeper/src/x.ts',
      "import { x } from '../../service/src/x.ts'",
      'by name (@evenkeel/service), not by path',
    ],
    ['packages/keeper/src/main.ts', "import { x } from '@evenkeel/substrate-local'", undefined],
    ['packages/keeper/src/x.test.ts', "import { x } from '@evenkeel/substrate-local'", undefined],
    ['packages/keeper/src/cell/x.ts', "import { x } from '@evenkeel/substrate-local'", 'only main.ts'],
    ['packages/keeper/src/cell/x.ts', "import { x } from '@evenkeel/substrate-simulated'", 'only main.ts'],
    ['packages/keeper/src/access/x.ts', "import { x } from '../intent/index.ts'", undefined],
    [
      'packages/keeper/src/access/x.ts',
      "import { x } from '../intent/record.ts'",
      'through its index.ts (intent/index.ts)',
    ],
    ['packages/keeper/src/access/pki/x.ts', "import { x } from '../render.ts'", undefined],
    ['packages/keeper/src/main.ts', "import { x } from './intent/record.ts'", 'through its index.ts'],
    ['packages/keeper/src/intent/plan.ts', "import { createHash } from 'node:crypto'", 'this is a Node module'],
    ['packages/keeper/src/intent/plan.ts', "import type { Agent } from 'node:http'", undefined],
    ['packages/keeper/src/intent/conditions.ts', "import { isFault } from '@evenkeel/substrate'", 'a port at run time'],
    [
      'packages/keeper/src/intent/plan.ts',
      "import { instanceDigest, type InstanceSpec } from '@evenkeel/substrate'",
      undefined,
    ],
    ['packages/keeper/src/intent/plan.ts', "import * as substrate from '@evenkeel/substrate'", 'a port at run time'],
    ['packages/keeper/src/control-plane/components/etcd.ts', "import 'node:fs'", 'this is a Node module'],
    [
      'packages/keeper/src/control-plane/components/etcd.ts',
      "import type { InstanceSpec } from '@evenkeel/substrate'",
      undefined,
    ],
    ['packages/keeper/src/control-plane/components/etcd.test.ts', "import 'node:fs'", undefined],
    [
      'packages/authenticator/src/x.ts',
      "import { x } from '@evenkeel/distribution'",
      'authenticator sees contract, kernel only',
    ],
    ['packages/cli/src/x.ts', "import { x } from '@evenkeel/service'", 'cli sees'],
    ['packages/cli/src/x.ts', "import { waitFor } from '@evenkeel/kernel/testing'", 'only tests'],
    ['packages/cli/src/x.test.ts', "import { waitFor } from '@evenkeel/kernel/testing'", undefined],
    ['packages/cli/src/x.ts', "import { test } from 'vitest'", 'only tests'],
    ['e2e/road.test.ts', "import { x } from '@evenkeel/keeper'", undefined],
  ]
  test.each(rows)('when %s has %s, it says: %s', (from, source, rule) => {
    const broken = findBrokenRules(readEdges(from, source))
    if (rule === undefined) {
      expect(broken).toEqual([])
      return
    }
    expect(broken).toHaveLength(1)
    expect(broken[0]).toContain(rule)
    expect(broken[0]).toContain(`${from} -> `)
  })

  test('when a plan reaches a Node module by way of another file, it prints the way', () => {
    const plan = 'packages/keeper/src/intent/plan.ts'
    const edges = [
      ...readEdges(plan, "import { digest } from './digest.ts'"),
      ...readEdges('packages/keeper/src/intent/digest.ts', "import { createHash } from 'node:crypto'"),
    ]
    expect(findBrokenRules(edges)).toEqual([
      `${plan} -> packages/keeper/src/intent/digest.ts -> node:crypto: a plan, conditions or a rendering is pure, this is a Node module`,
    ])
  })

  test('when an import is not declared, it names the package that has to declare it', () => {
    const edges = readEdges('packages/cli/src/x.ts', "import { parse } from 'yaml'\nimport { x } from '@evenkeel/cli'")
    expect(findUndeclared(edges, () => new Set(['yaml']))).toEqual([])
    expect(findUndeclared(edges, () => new Set())).toEqual([
      'packages/cli/src/x.ts -> yaml: yaml is not among the dependencies of cli',
    ])
  })
})
