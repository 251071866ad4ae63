import { architectureOf, type ProgramName } from '../programs.ts'
import type { DigestAlgorithm } from './digest.ts'
import type { Wanted } from './source.ts'

/** A file of the official sites, and what it brings. */
export interface PublishedFile {
  /** Address without the scheme. */
  readonly path: string
  /** Its own name, by which digests are pinned. */
  readonly name: string
  /** Where its digest is published, best first. */
  readonly digests: readonly { readonly path: string; readonly algorithm: DigestAlgorithm }[]
  /** Programs in it; in an archive, with their place there. */
  readonly programs: readonly ProgramName[]
  /** Folder of the programs in a tar.gz; absent when the file is the program. */
  readonly archiveFolder?: string
}

/** Which files of the official sites hold what is wanted, as upstream lays them out. */
export function publishedFiles({ set, version, programs, platform }: Wanted): readonly PublishedFile[] {
  const architecture = architectureOf(platform)
  if (set === 'etcd') {
    const folder = `github.com/etcd-io/etcd/releases/download/${version}`
    const archiveFolder = `etcd-${version}-linux-${architecture}`
    const name = `${archiveFolder}.tar.gz`
    const digests = [{ path: `${folder}/SHA256SUMS`, algorithm: 'sha256' }] as const
    return [{ path: `${folder}/${name}`, name, digests, programs, archiveFolder }]
  }
  return programs.map((program) => {
    const path = `dl.k8s.io/${version}/bin/linux/${architecture}/${program}`
    return {
      path,
      name: program,
      digests: [
        { path: `${path}.sha256`, algorithm: 'sha256' },
        { path: `${path}.sha512`, algorithm: 'sha512' },
      ],
      programs: [program],
    }
  })
}
