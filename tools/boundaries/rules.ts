import { type Edge, isTestFile, roomOf, type Target, targetOf } from './imports.ts'

/** What a package may see of the others. What is not listed (`e2e`, `bench`, `tools`) stands outside and sees all. */
const SEES: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  kernel: ['contract'],
  distribution: ['contract', 'kernel'],
  substrate: ['contract', 'kernel'],
  'substrate-local': ['contract', 'kernel', 'substrate', 'distribution'],
  'substrate-kubernetes': ['contract', 'kernel', 'substrate', 'distribution'],
  'substrate-simulated': ['contract', 'kernel', 'substrate'],
  keeper: ['contract', 'kernel', 'substrate', 'distribution'],
  service: ['contract', 'kernel', 'substrate', 'distribution'],
  authenticator: ['contract', 'kernel'],
  cli: ['contract', 'kernel', 'distribution', 'substrate-local'],
  console: ['contract'],
}

/** Words about any Kubernetes object: all that the kernel may know of the contract. */
const KERNEL_NOUNS = ['Condition', 'KubeObject', 'ObjectMeta']

/** Pure functions that live beside the ports. */
const PURE_OF_SUBSTRATE = ['instanceDigest', 'filesDigest', 'renderTcpProxy']

/** Says what an edge breaks, or nothing. */
type Rule = (edge: Edge, target: Target) => string | undefined

const onlyDown: Rule = (edge, target) => {
  const here = roomOf(edge.from).package
  if (target.kind === 'file') {
    const there = roomOf(target.path).package
    return here === there ? undefined : `packages import each other by name (@evenkeel/${there}), not by path`
  }
  if (target.kind !== 'house' || target.name === here) return undefined
  const pair = [here, target.name].sort().join(' ')
  if (pair === 'keeper service') return 'service and keeper never see each other: they meet in the kinds of contract'
  const seen = SEES[here]
  if (seen === undefined || seen.includes(target.name)) return undefined
  const isDriver = target.name.startsWith('substrate-')
  if (here === 'keeper' && isDriver) {
    if (edge.from === 'packages/keeper/src/main.ts' || isTestFile(edge.from)) return undefined
    return 'of the keeper only main.ts, its composition root, knows a driver'
  }
  if (isTestFile(edge.from) && isDriver) return undefined
  return `${here} sees ${seen.length === 0 ? 'no other package' : seen.join(', ')} only`
}

const throughTheDoor: Rule = (edge, target) => {
  if (target.kind !== 'file' || isTestFile(edge.from)) return undefined
  const here = roomOf(edge.from)
  const there = roomOf(target.path)
  if (here.package !== there.package || there.slice === '' || here.slice === there.slice) return undefined
  // The command line loads each command by itself: one file would load them all, for every call.
  if (edge.from === 'packages/cli/src/main.ts' && target.path.startsWith('packages/cli/src/commands/')) return undefined
  if (!target.path.startsWith('packages/') || target.path.endsWith(`/src/${there.slice}/index.ts`)) return undefined
  return `another slice is seen only through its index.ts (${there.slice}/index.ts)`
}

const isomorphicContract: Rule = (edge, target) => {
  if (!edge.from.startsWith('packages/contract/src/') || isTestFile(edge.from)) return undefined
  if (edge.from.endsWith('/generate.ts') || target.kind !== 'node') return undefined
  return 'contract runs anywhere: no Node module outside generate.ts'
}

const pureSigv4: Rule = (edge, target) => {
  const folder = 'packages/contract/src/sigv4/'
  if (!edge.from.startsWith(folder) || isTestFile(edge.from)) return undefined
  if (target.kind === 'npm' || (target.kind === 'file' && target.path.startsWith(folder))) return undefined
  return 'sigv4 is a pure folder: it imports nothing of ours but itself'
}

const nounlessKernel: Rule = (edge, target) => {
  if (roomOf(edge.from).package !== 'kernel' || target.kind !== 'house' || target.name !== 'contract') return undefined
  const nouns = edge.names.filter((name) => !KERNEL_NOUNS.includes(name))
  if (target.entry === 'kinds' && nouns.length === 0) return undefined
  return `kernel knows no product noun: of contract only ${KERNEL_NOUNS.join(', ')} from @evenkeel/contract/kinds`
}

const noTestingInProduction: Rule = (edge, target) => {
  if (isTestFile(edge.from) || SEES[roomOf(edge.from).package] === undefined) return undefined
  const isTesting =
    (target.kind === 'file' && isTestFile(target.path)) ||
    (target.kind === 'house' && isTestFile(`/${target.entry}.ts`)) ||
    (target.kind === 'npm' && (target.name === 'vitest' || target.name === 'fast-check'))
  return isTesting ? 'only tests import what is for tests' : undefined
}

const RULES: readonly Rule[] = [
  onlyDown,
  throughTheDoor,
  isomorphicContract,
  pureSigv4,
  nounlessKernel,
  noTestingInProduction,
]

/** Decisions and renderings: what goes in decides what comes out. */
export function isPureFile(path: string): boolean {
  if (isTestFile(path)) return false
  return (
    /^packages\/(keeper|service)\/src\/(.+\/)?(plan|conditions)\.ts$/.test(path) ||
    /^packages\/keeper\/src\/(control-plane\/components|node|rendering)\//.test(path)
  )
}

function impurityOf(edge: Edge, target: Target): string | undefined {
  if (edge.typeOnly) return undefined
  if (target.kind === 'node') return 'a Node module'
  if (target.kind !== 'house' || !target.name.startsWith('substrate')) return undefined
  return edge.values.every((name) => PURE_OF_SUBSTRATE.includes(name)) ? undefined : 'a port at run time'
}

/** Follows the imports of every pure file through its package, as far as they exist at run time. */
function findImpurities(edges: readonly Edge[]): string[] {
  const byFile = Map.groupBy(edges, (edge) => edge.from)
  const findings: string[] = []
  for (const start of byFile.keys()) {
    if (!isPureFile(start)) continue
    const open: string[][] = [[start]]
    const seen = new Set([start])
    for (let way = open.pop(); way !== undefined; way = open.pop()) {
      for (const edge of byFile.get(way.at(-1)!) ?? []) {
        const target = targetOf(edge)
        const impurity = impurityOf(edge, target)
        if (impurity !== undefined) {
          findings.push(
            `${way.join(' -> ')} -> ${edge.specifier}: a plan, conditions or a rendering is pure, this is ${impurity}`,
          )
        }
        if (target.kind === 'file' && !edge.typeOnly && !seen.has(target.path)) {
          seen.add(target.path)
          open.push([...way, target.path])
        }
      }
    }
  }
  return findings
}

/** Every broken rule with the edge that breaks it: `from -> specifier: rule`. Empty when the house stands. */
export function findBrokenRules(edges: readonly Edge[]): string[] {
  const findings: string[] = []
  for (const edge of edges) {
    const target = targetOf(edge)
    for (const rule of RULES) {
      const broken = rule(edge, target)
      if (broken !== undefined) findings.push(`${edge.from} -> ${edge.specifier}: ${broken}`)
    }
  }
  return [...findings, ...findImpurities(edges)]
}

/** Imports of npm packages that the importing package does not declare; `declared` is asked by package name. */
export function findUndeclared(edges: readonly Edge[], declared: (name: string) => ReadonlySet<string>): string[] {
  return edges.flatMap((edge) => {
    const target = targetOf(edge)
    if (target.kind === 'file' || target.kind === 'node') return []
    const here = roomOf(edge.from).package
    const name = target.kind === 'house' ? `@evenkeel/${target.name}` : target.name
    if (name === `@evenkeel/${here}` || declared(here).has(name)) return []
    return [`${edge.from} -> ${edge.specifier}: ${name} is not among the dependencies of ${here}`]
  })
}
