import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { allOrNone } from '../all-or-none.ts'
import { runCommand } from '../command.ts'
import type { Platform, ProgramSet } from '../programs.ts'
import { diskFullError, saysDiskFull } from '../store/index.ts'
import { type Digest, parsePublishedDigest } from './digest.ts'
import type { Site, Transfer } from './site.ts'
import { type PublishedFile, publishedFiles } from './site-layout.ts'
import { type FetchJob, type Offer, type Source, SourceSkip, type Wanted } from './source.ts'
import { discardPartial, downloadVerified } from './verified-download.ts'

/** Digests that we pin ourselves, by file name. */
export type Pins = (set: ProgramSet, version: string, platform: Platform) => Readonly<Record<string, Digest>>

interface KnownFile extends PublishedFile {
  readonly digest: Digest
  readonly authority: string
}

/** Programs as upstream built them, from the official sites or from a mirror. */
export function createSiteSource(name: 'official' | 'mirror', site: Site, pins: Pins): Source {
  return {
    name,
    async look(wanted: Wanted, signal: AbortSignal): Promise<Offer> {
      const pinned = pins(wanted.set, wanted.version, wanted.platform)
      const [first, ...others] = publishedFiles(wanted)
      if (first === undefined) throw new SourceSkip('no program is wanted')
      const know = (file: PublishedFile) => learnDigest(site, file, pinned[file.name], signal)
      // The first alone, so that a site that gives no answer is asked once.
      const files = [await know(first), ...(await Promise.all(others.map(know)))]
      return { origin: originOf(site, first), fetch: (job) => fetchFiles(site, files, job) }
    },
  }
}

function originOf(site: Site, { path, name }: PublishedFile): string {
  return site.describe(path).slice(0, -name.length - 1)
}

async function learnDigest(
  site: Site,
  file: PublishedFile,
  pinned: Digest | undefined,
  signal: AbortSignal,
): Promise<KnownFile> {
  if (pinned !== undefined) {
    if (!(await site.has(file.path, signal))) throw new SourceSkip(`${site.describe(file.path)} does not exist`)
    return { ...file, digest: pinned, authority: 'pinned in our release file' }
  }
  for (const { path, algorithm } of file.digests) {
    const text = await site.readText(path, signal)
    if (text === undefined) continue
    const digest = parsePublishedDigest(text, algorithm, file.name)
    if (digest === undefined) throw new SourceSkip(`${site.describe(path)} holds no digest of ${file.name}`)
    return { ...file, digest, authority: `published in ${site.describe(path)}` }
  }
  const looked = file.digests.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)).join(' and ')
  throw new SourceSkip(`${site.describe(file.path)}: it, or its digest in ${looked}, does not exist`)
}

async function fetchFiles(site: Site, files: readonly KnownFile[], job: FetchJob): Promise<void> {
  const done = new Map<KnownFile, { bytes: number; total: number | undefined }>()
  const origin = files[0] === undefined ? '' : originOf(site, files[0])
  const onBytes = (file: KnownFile, bytes: number, total: number | undefined) => {
    done.set(file, { bytes, total })
    const parts = [...done.values()]
    const doneBytes = parts.reduce((sum, part) => sum + part.bytes, 0)
    const isKnown = parts.length === files.length && parts.every((part) => part.total !== undefined)
    const totalBytes = parts.reduce((sum, part) => sum + (part.total ?? 0), 0)
    job.report({
      phase: 'downloading',
      message: `from ${origin}`,
      doneBytes,
      ...(isKnown ? { totalBytes } : {}),
    })
  }
  const bring = (file: KnownFile) => async (signal: AbortSignal) => {
    const partial = join(job.partials, `${file.name}-${file.digest.replace(':', '-')}`)
    const transfer: Transfer = { signal, onBytes: (bytes, total) => onBytes(file, bytes, total) }
    await downloadVerified(site, { ...file, partial }, transfer)
    if (file.archiveFolder === undefined) await rename(partial, join(job.programs, file.programs[0] ?? file.name))
    else await unpack(partial, file, { ...job, signal })
    await discardPartial(partial)
  }
  await allOrNone(files.map(bring), job.signal)
}

async function unpack(archive: string, file: KnownFile, { programs, signal }: FetchJob): Promise<void> {
  const { archiveFolder: folder = '' } = file
  const members = file.programs.map((program) => (folder === '' ? program : `${folder}/${program}`))
  const strip = `--strip-components=${folder === '' ? 0 : 1}`
  const args = ['-xzf', archive, '-C', programs, strip, '--no-same-owner', ...members]
  const { code, stderr } = await runCommand('tar', args, { environment: process.env, signal })
  if (code === 0) return
  const complaint = stderr.join('; ')
  if (saysDiskFull(complaint)) throw diskFullError(programs, complaint)
  throw new SourceSkip(`${file.name} cannot be unpacked: ${complaint}`)
}
