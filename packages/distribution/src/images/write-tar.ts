import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { type Header, type Pack, pack } from 'tar-stream'
import { explainDiskError } from '../store/index.ts'

/** A folder (its name ends in `/`), a text, or a file of the disk. */
export type TarEntry = { readonly name: string; readonly mode: number } & (
  | { readonly folder: true }
  | { readonly text: string }
  | { readonly file: string }
)

/** Of nobody and no time, so that the same content makes the same bytes. */
const NEUTRAL = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) } as const

/** Writes a tar whose bytes follow from its entries alone, in their order. */
export async function writeTar(path: string, entries: readonly TarEntry[], signal: AbortSignal): Promise<void> {
  const tar = pack()
  const written = pipeline(tar, createWriteStream(path), { signal }).catch(explainDiskError(path))
  // The disk's complaint comes first: what it does to the other half is its consequence.
  const [disk, filled] = await Promise.allSettled([written, fill(tar, entries, signal)])
  if (disk.status === 'rejected') throw disk.reason
  if (filled.status === 'rejected') throw filled.reason
}

async function fill(tar: Pack, entries: readonly TarEntry[], signal: AbortSignal): Promise<void> {
  try {
    for (const entry of entries) await addEntry(tar, entry, signal)
    tar.finalize()
  } catch (error) {
    tar.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

async function addEntry(tar: Pack, entry: TarEntry, signal: AbortSignal): Promise<void> {
  const header: Partial<Header> & Pick<Header, 'name'> = { ...NEUTRAL, name: entry.name, mode: entry.mode }
  if ('folder' in entry) {
    tar.entry({ ...header, type: 'directory' })
    return
  }
  if ('text' in entry) {
    tar.entry(header, entry.text)
    return
  }
  const { size } = await stat(entry.file)
  await pipeline(createReadStream(entry.file), tar.entry({ ...header, size }), { signal })
}
