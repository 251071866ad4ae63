import { join } from 'node:path'
import type { Platform, ProgramSet } from '../programs.ts'
import { readCatalogue } from './catalogue.ts'
import type { Catalogue, Release } from './release.ts'

export { type Release, type SupportStatus, supportStatus } from './release.ts'

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

/** Digests that the release files pin for a set at a version, by file name of the official sites. */
export function pinnedDigests(set: ProgramSet, version: string, platform: Platform): Readonly<Record<string, string>> {
  return loadCatalogue().digests.get(`${set} ${version}`)?.[platform] ?? {}
}
