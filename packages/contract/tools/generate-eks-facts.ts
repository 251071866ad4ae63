/**
 * Makes `src/eks/generated/facts.json` from AWS's machine-readable model of EKS, as botocore carries it: what the SDK's schemas
 * do not say at run time (which enum, bounds and pattern bind to which member, what is required, which errors an
 * operation declares). Facts alone: none of the model's prose.
 *
 *   generate-eks-facts.ts [--botocore FOLDER]            writes; FOLDER holds a `botocore` package (pip install --target)
 *   generate-eks-facts.ts --check [--botocore FOLDER]    fails when the file was edited by hand or is not canonical;
 *                                                        where the same botocore is at hand, compares the facts too
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'

interface ModelShape {
  type: string
  enum?: string[]
  min?: number
  max?: number
  pattern?: string
  required?: string[]
  members?: Record<string, { shape: string }>
  member?: { shape: string }
  key?: { shape: string }
  value?: { shape: string }
  exception?: boolean
  error?: { httpStatusCode: number }
}
interface Model {
  operations: Record<
    string,
    {
      http: { method: string; requestUri: string }
      input?: { shape: string }
      output?: { shape: string }
      errors?: { shape: string }[]
    }
  >
  shapes: Record<string, ModelShape>
}
type Table = Record<string, unknown>

const FILE = join(import.meta.dirname, '../src/eks/generated/facts.json')
const MODEL = 'eks/2017-11-01'

function findBotocore(folder: string | undefined): { version: string; model: Model } | undefined {
  const found =
    folder === undefined
      ? locateInstalledBotocore()
      : { path: join(folder, 'botocore'), version: readVersion(join(folder, 'botocore')) }
  if (found === undefined) return undefined
  const base = join(found.path, 'data', MODEL, 'service-2.json')
  const text = existsSync(base) ? readFileSync(base) : gunzipSync(readFileSync(`${base}.gz`))
  return { version: found.version, model: JSON.parse(text.toString('utf8')) as Model }
}

function locateInstalledBotocore(): { path: string; version: string } | undefined {
  const script = 'import botocore; print(botocore.__path__[0]); print(botocore.__version__)'
  try {
    const [path, version] = execFileSync('python3', ['-c', script], { encoding: 'utf8', stdio: 'pipe' }).split('\n')
    return path && version ? { path, version } : undefined
  } catch {
    // No Python or no botocore: the caller says what that means for it.
    return undefined
  }
}

function readVersion(path: string): string {
  const version = /__version__ = '([^']+)'/.exec(readFileSync(join(path, '__init__.py'), 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${path}/__init__.py names no __version__: is this a botocore package?`)
  return version
}

function gatherFacts(model: Model): Record<'operations' | 'structures' | 'shapes' | 'faults', Table> {
  const operations: Table = {}
  for (const [name, operation] of sorted(model.operations)) {
    operations[name] = {
      method: operation.http.method,
      path: operation.http.requestUri,
      input: operation.input?.shape,
      output: operation.output?.shape,
      errors: (operation.errors ?? []).map((error) => error.shape),
    }
  }
  const structures: Table = {}
  const shapes: Table = {}
  const faults: Table = {}
  for (const [name, shape] of sorted(model.shapes)) {
    if (shape.exception) {
      faults[name] = { status: shape.error?.httpStatusCode, members: Object.keys(shape.members ?? {}).sort() }
    } else if (shape.type === 'structure') {
      const members: Record<string, string> = {}
      for (const [member, { shape: target }] of sorted(shape.members ?? {})) {
        if (isTelling(model.shapes[target])) members[member] = target
      }
      if (Object.keys(members).length > 0 || shape.required) structures[name] = { required: shape.required, members }
    } else if (isTelling(shape)) {
      shapes[name] = {
        type: shape.type,
        enum: shape.enum,
        min: shape.min,
        max: shape.max,
        pattern: shape.pattern,
        member: shape.member?.shape,
        key: shape.key?.shape,
        value: shape.value?.shape,
      }
    }
  }
  return { operations, structures, shapes, faults }
}

/** Says more about a value than its kind does, itself or through what it holds. */
function isTelling(shape: ModelShape | undefined): boolean {
  if (shape === undefined) return false
  if (shape.type === 'structure' || shape.type === 'list' || shape.type === 'map') return true
  return [shape.enum, shape.min, shape.max, shape.pattern].some((fact) => fact !== undefined)
}

/** One line an entry, so that a diff shows what AWS added. */
function render(source: Table, facts: Record<string, Table>): string {
  const sections = Object.entries(facts).map(([section, table]) => {
    const lines = Object.entries(table).map(([name, entry]) => `    ${JSON.stringify(name)}: ${JSON.stringify(entry)}`)
    return `  ${JSON.stringify(section)}: {\n${lines.join(',\n')}\n  }`
  })
  const digest = createHash('sha256').update(JSON.stringify(facts)).digest('hex')
  return `{\n  "source": ${JSON.stringify({ ...source, sha256: digest })},\n${sections.join(',\n')}\n}\n`
}

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

const { values } = parseArgs({ options: { check: { type: 'boolean' }, botocore: { type: 'string' } } })
const botocore = findBotocore(values.botocore)
if (values.check) {
  const text = readFileSync(FILE, 'utf8')
  const { source, ...facts } = JSON.parse(text) as { source: { botocore: string; model: string } } & Record<
    string,
    Table
  >
  const { botocore: version, model } = source
  const again = render({ botocore: version, model }, facts)
  if (again !== text) fail('is not what its generator writes: it was edited by hand')
  if (botocore === undefined) console.log('eks facts: whole; no botocore here to compare with')
  else if (botocore.version !== version)
    console.log(`eks facts: whole, of botocore ${version}; botocore ${botocore.version} is here, so not compared`)
  else if (render({ botocore: version, model: MODEL }, gatherFacts(botocore.model)) !== text)
    fail(`differs from what botocore ${version} says`)
  else console.log(`eks facts: whole, and what botocore ${version} says`)
} else {
  if (botocore === undefined) fail('cannot be made: no botocore found; give a folder that holds one with --botocore')
  writeFileSync(FILE, render({ botocore: botocore.version, model: MODEL }, gatherFacts(botocore.model)))
  console.log(`eks facts: written from botocore ${botocore.version}`)
}

function fail(what: string): never {
  console.error(
    `packages/contract/src/eks/generated/facts.json ${what}. Run: node packages/contract/tools/generate-eks-facts.ts`,
  )
  process.exit(1)
}
