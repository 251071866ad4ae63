import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { explainDiskError } from './disk-error.ts'

/** Partial downloads that nobody asked for again within this time are swept. */
const KEEP_PARTIAL_MS = 7 * 24 * 3600 * 1000

/** Where files are made before they enter the store: on its file system, so that they enter by rename. */
export interface Staging {
  /** Of this run, empty at first. */
  readonly folder: string
  /** Partial downloads, named by the digest of the whole, shared by all runs. */
  readonly partials: string
  discard(): Promise<void>
}

/**
 * Opens a staging folder. Only for who holds the store's lock: everything else that is found there belongs to runs that
 * have died, and is swept, but for recent partial downloads.
 */
export async function openStaging(store: string): Promise<Staging> {
  const root = join(store, '.staging')
  const partials = join(root, 'partial')
  const folder = join(root, `${process.pid}-${randomBytes(6).toString('hex')}`)
  const explain = explainDiskError(store)
  await mkdir(partials, { recursive: true }).catch(explain)
  for (const name of await readdir(root)) {
    if (name !== 'partial') await rm(join(root, name), { recursive: true, force: true })
  }
  for (const name of await readdir(partials)) {
    const path = join(partials, name)
    if (Date.now() - (await stat(path)).mtimeMs > KEEP_PARTIAL_MS) await rm(path)
  }
  await mkdir(folder).catch(explain)
  return { folder, partials, discard: () => rm(folder, { recursive: true, force: true }) }
}
