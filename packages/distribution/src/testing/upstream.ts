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
