import { architectureOf, type ProgramName, type ProgramSet } from '../programs.ts'
import type { DigestAlgorithm } from './digest.ts'
import { SourceSkip, type Wanted } from './source.ts'

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
  /** Folder of the programs in a tar.gz, empty where they are in none; absent when the file is the program. */
  readonly archiveFolder?: string
}

/** Where upstream publishes a set, and how it lays it out there. */
interface Layout {
  /** Site and owner, as mirrors have them too. */
  readonly site: string
  readonly files: (wanted: Wanted) => readonly PublishedFile[]
}

/** Layouts of sets, or why nothing of a set can be downloaded. */
const LAYOUTS: Readonly<Record<ProgramSet, Layout | string>> = {
  kubernetes: { site: 'dl.k8s.io', files: kubernetesFiles },
  etcd: onGitHub('etcd-io/etcd', ({ version, architecture }) => ({
    name: `etcd-${version}-linux-${architecture}.tar.gz`,
    digests: 'SHA256SUMS',
    archiveFolder: `etcd-${version}-linux-${architecture}`,
  })),
  // Its other archive is for a C library as new as that of the machine where it was made.
  containerd: onGitHub('containerd/containerd', ({ number, architecture }) => {
    const name = `containerd-static-${number}-linux-${architecture}.tar.gz`
    return { name, digests: `${name}.sha256sum`, archiveFolder: 'bin' }
  }),
  runc: onGitHub('opencontainers/runc', ({ architecture }) => ({
    name: `runc.${architecture}`,
    digests: 'runc.sha256sum',
  })),
  'cni-plugins': onGitHub('containernetworking/plugins', ({ version, architecture }) => {
    const name = `cni-plugins-linux-${architecture}-${version}.tgz`
    return { name, digests: `${name}.sha256`, archiveFolder: '.' }
  }),
  coredns: onGitHub('coredns/coredns', ({ number, architecture }) => {
    const name = `coredns_${number}_linux_${architecture}.tgz`
    return { name, digests: `${name}.sha256`, archiveFolder: '' }
  }),
  'metrics-server': 'upstream publishes images and manifests of metrics-server, and no programs',
  kwok: 'upstream publishes no digests of its programs, so that a download could not be checked',
  pause: 'it is of our own sources, and published nowhere',
  crane: onGitHub('google/go-containerregistry', ({ architecture }) => ({
    name: `go-containerregistry_Linux_${architecture === 'amd64' ? 'x86_64' : architecture}.tar.gz`,
    digests: 'checksums.txt',
    archiveFolder: '',
  })),
}

/** Which files of the official sites hold what is wanted. Throws `SourceSkip` where nothing is published. */
export function publishedFiles(wanted: Wanted): readonly PublishedFile[] {
  const layout = LAYOUTS[wanted.set]
  if (typeof layout === 'string') throw new SourceSkip(layout)
  return layout.files(wanted)
}

/** Site and owner of a set; undefined where nothing of it is published. */
export function publishingSite(set: ProgramSet): string | undefined {
  const layout = LAYOUTS[set]
  return typeof layout === 'string' ? undefined : layout.site
}

function kubernetesFiles({ version, platform, programs }: Wanted): readonly PublishedFile[] {
  return programs.map((program) => {
    const path = `dl.k8s.io/${version}/bin/linux/${architectureOf(platform)}/${program}`
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

interface Naming {
  readonly version: string
  /** The version without its `v`. */
  readonly number: string
  /** In Go's words, such as `amd64`. */
  readonly architecture: string
}

/** One file of a release on GitHub, with its SHA-256 in the file beside it that `digests` names. */
function onGitHub(
  repository: string,
  name: (naming: Naming) => Pick<PublishedFile, 'name' | 'archiveFolder'> & { readonly digests: string },
): Layout {
  return {
    site: `github.com/${repository}`,
    files({ version, platform, programs }) {
      const folder = `github.com/${repository}/releases/download/${version}`
      const { digests, ...file } = name({
        version,
        number: version.slice(1),
        architecture: architectureOf(platform),
      })
      const path = `${folder}/${file.name}`
      return [{ ...file, path, digests: [{ path: `${folder}/${digests}`, algorithm: 'sha256' }], programs }]
    },
  }
}
