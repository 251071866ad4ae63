import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { architectureOf, currentPlatform, PROGRAMS } from '../programs.ts'

const ARCHITECTURE = architectureOf(currentPlatform())

/** A folder that is gone at the end of `using`. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-distribution-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A program that knows nothing but its version. Padded, so that it takes more than one piece to bring it. */
export function fakeProgram(version: string, padding = 0): string {
  return `#!/bin/sh\necho "Version: ${version}"\nexit 0\n${'# padding\n'.repeat(padding / 10)}`
}

export const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

/** Address of a Kubernetes program in the layout of the sites. */
export function kubernetesPath(version: string, program: string): string {
  return `dl.k8s.io/${version}/bin/linux/${ARCHITECTURE}/${program}`
}

export function etcdPath(version: string): string {
  return `github.com/etcd-io/etcd/releases/download/${version}/etcd-${version}-linux-${ARCHITECTURE}.tar.gz`
}

/** Lays out Kubernetes as dl.k8s.io does. `says` is the version that the programs print. */
export function publishKubernetes(root: string, version: string, { says = version, padding = 0 } = {}): void {
  for (const program of PROGRAMS.kubernetes) {
    const path = join(root, kubernetesPath(version, program))
    mkdirSync(join(path, '..'), { recursive: true })
    // The name makes their digests differ.
    const content = `${fakeProgram(says, padding)}# ${program}\n`
    writeFileSync(path, content)
    writeFileSync(`${path}.sha256`, sha256(content))
  }
}

/** How releases on GitHub are laid out, of one platform, by set: `/` ends a folder within an archive. */
const GITHUB_RELEASES = {
  containerd: (number: string) => ({
    repository: 'containerd/containerd',
    file: `containerd-static-${number}-linux-${ARCHITECTURE}.tar.gz`,
    digests: `containerd-static-${number}-linux-${ARCHITECTURE}.tar.gz.sha256sum`,
    inside: 'bin/',
  }),
  runc: () => ({ repository: 'opencontainers/runc', file: `runc.${ARCHITECTURE}`, digests: 'runc.sha256sum' }),
  'cni-plugins': (number: string) => ({
    repository: 'containernetworking/plugins',
    file: `cni-plugins-linux-${ARCHITECTURE}-v${number}.tgz`,
    digests: `cni-plugins-linux-${ARCHITECTURE}-v${number}.tgz.sha256`,
    inside: './',
  }),
  coredns: (number: string) => ({
    repository: 'coredns/coredns',
    file: `coredns_${number}_linux_${ARCHITECTURE}.tgz`,
    digests: `coredns_${number}_linux_${ARCHITECTURE}.tgz.sha256`,
    inside: '',
  }),
  crane: () => ({
    repository: 'google/go-containerregistry',
    file: `go-containerregistry_Linux_${ARCHITECTURE === 'amd64' ? 'x86_64' : ARCHITECTURE}.tar.gz`,
    digests: 'checksums.txt',
    inside: '',
  }),
} as const

export type PublishedOnGitHub = keyof typeof GITHUB_RELEASES
export const PUBLISHED_ON_GITHUB = Object.keys(GITHUB_RELEASES) as readonly PublishedOnGitHub[]

/** Lays out a release of a set as upstream does on GitHub. Resolves with the address of its one file. */
export function publishOnGitHub(root: string, set: PublishedOnGitHub, version: string): string {
  const layout: { repository: string; file: string; digests: string; inside?: string } = GITHUB_RELEASES[set](
    version.slice(1),
  )
  const { repository, file, digests, inside } = layout
  const folder = `github.com/${repository}/releases/download/${version}`
  const path = join(root, folder, file)
  mkdirSync(join(root, folder), { recursive: true })
  if (inside === undefined) {
    writeFileSync(path, fakeProgram(version))
  } else {
    using work = temporaryFolder()
    mkdirSync(join(work.path, inside), { recursive: true })
    const names = [...PROGRAMS[set], 'README.md'].map((name) => `${inside}${name}`)
    for (const name of names) writeFileSync(join(work.path, name), fakeProgram(version))
    execFileSync('tar', ['-czf', path, '-C', work.path, ...names])
  }
  const lines = [`${'0'.repeat(64)}  other.txt`, `${sha256(readFileSync(path))}  ${file}`]
  writeFileSync(join(root, folder, digests), `${lines.join('\n')}\n`)
  return `${folder}/${file}`
}

/** Lays out etcd as its releases on GitHub are. */
export function publishEtcd(root: string, version: string): void {
  using work = temporaryFolder()
  const name = `etcd-${version}-linux-${ARCHITECTURE}`
  mkdirSync(join(work.path, name))
  for (const program of PROGRAMS.etcd) {
    writeFileSync(join(work.path, name, program), fakeProgram(version.slice(1)), { mode: 0o755 })
  }
  writeFileSync(join(work.path, name, 'README.md'), 'not wanted')
  const archive = join(root, etcdPath(version))
  mkdirSync(join(archive, '..'), { recursive: true })
  execFileSync('tar', ['-czf', archive, '-C', work.path, name])
  const lines = [`${'0'.repeat(64)}  other.zip`, `${sha256(readFileSync(archive))}  ${name}.tar.gz`]
  writeFileSync(join(archive, '../SHA256SUMS'), `${lines.join('\n')}\n`)
}
