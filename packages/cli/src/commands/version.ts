import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultRelease, releases } from '@evenkeel/distribution'
import { SOURCE_ROOT, sourceRevision } from '../installation/index.ts'
import { type OutputOptions, writeJson } from './cluster.ts'

/** What this is, and which versions of Kubernetes it hosts. */
export async function version(options: OutputOptions, write: (text: string) => void): Promise<void> {
  const manifest = JSON.parse(await readFile(join(SOURCE_ROOT, 'packages/cli/package.json'), 'utf8')) as {
    version: string
  }
  const revision = await sourceRevision()
  const kubernetes = releases().map(({ minor, kubernetes, etcd, isDefault }) => ({
    minor,
    version: kubernetes.version,
    etcd: etcd.version,
    isDefault,
  }))
  if (options.output === 'json') {
    writeJson(write, { version: manifest.version, revision, node: process.version, kubernetes })
    return
  }
  const offered = kubernetes.map(({ version, etcd }) => `${version} with etcd ${etcd}`).join(', ')
  write(
    `Evenkeel ${manifest.version} (sources ${revision}), node ${process.version}\nhosts Kubernetes ${offered}; ${defaultRelease().minor} by default\n`,
  )
}
