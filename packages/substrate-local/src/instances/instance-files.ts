import { readdir, rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import { ensureFolder, hasErrorCode, readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'
import type { InstanceFile } from '@evenkeel/substrate'

/** Says, among an instance's files, which ones were written and their `filesDigest`; written last. */
const MARKER = '.evenkeel-files.json'

interface Marker {
  readonly digest: string
  readonly paths: readonly string[]
}

/** Makes the folder hold exactly these files, apart from what the program itself put there. */
export async function writeInstanceFiles(root: string, files: readonly InstanceFile[], digest: string): Promise<void> {
  for (const file of files) requireInside(file.path)
  await ensureFolder(root)
  const earlier = await readMarker(root)
  const folders = new Set(files.map((file) => dirname(join(root, file.path))))
  for (const folder of folders) await ensureFolder(folder)
  await Promise.all(files.map((file) => writeIfDifferent(join(root, file.path), file.content)))
  const paths = files.map((file) => file.path)
  for (const path of earlier?.paths ?? []) {
    if (!paths.includes(path)) await rm(join(root, path), { force: true })
  }
  await writeIfDifferent(join(root, MARKER), JSON.stringify({ digest, paths } satisfies Marker))
}

/** `filesDigest` of what was written, while all of it is still there. */
export async function readFilesDigest(root: string): Promise<string | undefined> {
  const marker = await readMarker(root)
  if (marker === undefined) return undefined
  const there = new Set(await readdir(root, { recursive: true }).catch(noneIfMissing))
  return marker.paths.every((path) => there.has(normalize(path))) ? marker.digest : undefined
}

/** By rename, so that a program that reads it sees the old content or the new. Answers whether it was different. */
export async function writeIfDifferent(path: string, content: string, mode = 0o600): Promise<boolean> {
  if ((await readFileIfThere(path)) === content) return false
  await writeFileAtomic(path, content, { mode })
  return true
}

async function readMarker(root: string): Promise<Marker | undefined> {
  const text = await readFileIfThere(join(root, MARKER))
  if (text === undefined) return undefined
  try {
    const marker = JSON.parse(text) as Partial<Marker> | null
    return typeof marker?.digest === 'string' && Array.isArray(marker.paths) ? (marker as Marker) : undefined
  } catch {
    // Cut short by a power cut: as good as not written.
    return undefined
  }
}

function requireInside(path: string): void {
  if (path === '' || isAbsolute(path) || normalize(path).split('/').includes('..') || normalize(path) === '.') {
    throw new Error(`${JSON.stringify(path)} is no path below an instance's folder`)
  }
}

function noneIfMissing(error: unknown): string[] {
  if (hasErrorCode(error, 'ENOENT')) return []
  throw error
}
