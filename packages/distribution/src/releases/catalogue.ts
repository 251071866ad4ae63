import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { DistributionError } from '../faults.ts'
import { minorOf } from '../programs.ts'
import { findBundleFault } from './node-bundle.ts'
import { type Catalogue, compareMinors, type Release } from './release.ts'
import { type Digests, EtcdFile, IndependentFile, ReleaseFile } from './schema.ts'

/** Reads and checks all files of a folder of releases. A new minor is a new file, and no line of code. */
export function readCatalogue(folder: string): Catalogue {
  const files = new Map<string, unknown>()
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.json')) files.set(name, parseJson(join(folder, name)))
  }
  return parseCatalogue(files)
}

const INDEPENDENT = 'independent.json'

/** Checks every file by itself (schema, bundles) and all of them together (names, one default, etcd that exists). */
export function parseCatalogue(files: ReadonlyMap<string, unknown>): Catalogue {
  const etcds = new Map<string, EtcdFile>()
  const digests = new Map<string, Digests>()
  for (const [name, content] of files) {
    if (!name.startsWith('etcd-')) continue
    const etcd = parseFile<EtcdFile>(name, content, EtcdFile)
    requireThat(name === `etcd-${etcd.minor}.json`, name, `it holds ${etcd.minor}`)
    requireThat(minorOf(etcd.version) === etcd.minor, name, `${etcd.version} is not of ${etcd.minor}`)
    etcds.set(etcd.minor, etcd)
    if (etcd.digests !== undefined) digests.set(`etcd ${etcd.version}`, etcd.digests)
  }
  const independent = parseFile<IndependentFile>(INDEPENDENT, files.get(INDEPENDENT), IndependentFile)
  const releases: Release[] = []
  for (const [name, content] of files) {
    if (name.startsWith('etcd-') || name === INDEPENDENT) continue
    const file = parseFile<ReleaseFile>(name, content, ReleaseFile)
    releases.push(toRelease(name, file, etcds))
    if (file.kubernetes.digests !== undefined)
      digests.set(`kubernetes ${file.kubernetes.version}`, file.kubernetes.digests)
  }
  releases.sort((a, b) => compareMinors(a.minor, b.minor))
  const defaults = releases.filter((release) => release.isDefault).map((release) => release.minor)
  requireThat(
    defaults.length === 1,
    'releases',
    `one of them must be the default, not ${defaults.join(', ') || 'none'}`,
  )
  return { releases, independent, digests }
}

function toRelease(name: string, file: ReleaseFile, etcds: ReadonlyMap<string, EtcdFile>): Release {
  const { minor, kubernetes, etcd } = file
  requireThat(name === `${minor}.json`, name, `it holds ${minor}`)
  requireThat(minorOf(kubernetes.version) === minor, name, `${kubernetes.version} is not of ${minor}`)
  const etcdFile = etcds.get(etcd.defaultMinor)
  requireThat(etcdFile !== undefined, name, `there is no etcd-${etcd.defaultMinor}.json`)
  requireThat(
    compareMinors(minorOf(etcd.oldest), etcd.defaultMinor) <= 0 &&
      compareMinors(etcd.defaultMinor, etcd.newestMinor) <= 0,
    name,
    `etcd ${etcd.defaultMinor} is not between ${etcd.oldest} and ${etcd.newestMinor}`,
  )
  const bundleFault = findBundleFault(file.nodeBundles, kubernetes.version)
  requireThat(bundleFault === undefined, name, bundleFault ?? '')
  const release: Release = {
    minor,
    isDefault: file.default,
    kubernetes: { version: kubernetes.version },
    etcd: { oldest: etcd.oldest, newestMinor: etcd.newestMinor, version: etcdFile.version },
    platformRevision: file.platformRevision,
    nodeBundles: file.nodeBundles,
    addOns: { ...file.addOns, 'kube-proxy': kubernetes.version },
    releasedAt: new Date(file.releasedAt),
    standardSupportEndsAt: new Date(file.standardSupportEndsAt),
    extendedSupportEndsAt: new Date(file.extendedSupportEndsAt),
  }
  requireThat(
    release.releasedAt < release.standardSupportEndsAt && release.standardSupportEndsAt < release.extendedSupportEndsAt,
    name,
    'its dates are not in order',
  )
  return release
}

function parseFile<T>(name: string, content: unknown, schema: TSchema): T {
  const [error] = Value.Errors(schema, content)
  requireThat(
    error === undefined,
    name,
    `${error?.instancePath || 'the whole of it'} is not as it should be (${error?.message})`,
  )
  return content as T
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new DistributionError('invalid-request', `release file ${path} cannot be read: ${String(error)}`, {
      cause: error,
    })
  }
}

function requireThat(condition: boolean, name: string, problem: string): asserts condition {
  if (!condition) throw new DistributionError('invalid-request', `release file ${name}: ${problem}`)
}
