import { join } from 'node:path'
import type { Platform, ProgramSet } from '../programs.ts'
import { readCatalogue } from './catalogue.ts'
import type { NodeBundle } from './node-bundle.ts'
import type { Catalogue, IndependentVersions, Release } from './release.ts'

export { type NodeBundle, newestNodeBundle } from './node-bundle.ts'
export { type AddOnName, type IndependentVersions, type Release, type SupportStatus, supportStatus } from './release.ts'

let catalogue: Catalogue | undefined

function loadCatalogue(): Catalogue {
  catalogue ??= readCatalogue(join(import.meta.dirname, '../../releases'))
  return catalogue
}

/** All minors of Kubernetes that we know, oldest first, those out of support too. */
export function releases(): readonly Release[] {
  return loadCatalogue().releases
}

/** What a cluster gets that asks for no version. */
export function defaultRelease(): Release {
  const release = releases().find((candidate) => candidate.isDefault)
  if (release === undefined) throw new Error('a catalogue has one default: parseCatalogue checks it')
  return release
}

/** The release of a minor, such as `1.37`; undefined where we have none. */
export function releaseOf(minor: string): Release | undefined {
  return releases().find((release) => release.minor === minor)
}

/** The bundle of a node's release version, such as `1.37.2-20261125`; undefined where we have none. */
export function nodeBundleOf(releaseVersion: string): NodeBundle | undefined {
  const bundles = releases().flatMap((release) => release.nodeBundles)
  return bundles.find((bundle) => bundle.releaseVersion === releaseVersion)
}

/** Versions of programs that depend on no minor of Kubernetes. */
export function independentVersions(): IndependentVersions {
  return loadCatalogue().independent
}

/** Digests that the release files pin for a set at a version, by file name of the official sites. */
export function pinnedDigests(set: ProgramSet, version: string, platform: Platform): Readonly<Record<string, string>> {
  return loadCatalogue().digests.get(`${set} ${version}`)?.[platform] ?? {}
}
