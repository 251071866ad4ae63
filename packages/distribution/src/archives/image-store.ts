import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { hasErrorCode, namesIn, readFileIfThere, statIfThere, syncFolder, writeFileAtomic } from '@evenkeel/kernel'
import { DistributionError } from '../faults.ts'
import { IMAGE_NAMES, type Image, type InstalledImage, imageReference, OWN_REGISTRY } from '../images/index.ts'
import { currentPlatform, type Platform } from '../programs.ts'
import { readArchive } from './read-archive.ts'
import { receiveArchive } from './receive-archive.ts'
import { fullReference } from './reference.ts'

/**
 * The image store of an installation: a folder of archives that nodes import, `<digest>.tar` of a user's and
 * `<name>-<version>.tar` of our own. Beside each of a user's stands `<digest>.json`, which says what it holds. What ends in
 * `.tar` is whole and never changed, and each name of an image is in one archive at most: whoever imports them may do so in
 * any order.
 */
export interface StoredImage {
  /** Of the archive: its SHA-256 in hexadecimal digits, or name and version of an image of our own. */
  readonly id: string
  /** Full names, as pods and containerd have them. */
  readonly references: readonly string[]
  readonly bytes: number
  readonly loadedAt: Date
  /** Whether it is one of those that nodes need, and keepers put there. */
  readonly isOwn: boolean
}

export interface LoadOptions {
  /** What people call the source. */
  readonly title: string
  /** How much may be written. */
  readonly roomBytes?: number
  readonly platform?: Platform
  readonly signal?: AbortSignal
}

export interface LoadedImage {
  readonly image: StoredImage
  /** Whether it was not there yet. */
  readonly isNew: boolean
  /** Archives that it stands in for, since it holds all their names: they are gone. */
  readonly replaced: readonly StoredImage[]
}

/** Names of what is on its way in; left only by who was killed. */
const DRAFT = '.load-'
const COPY = '.place-'
/** After that nobody is at work on a copy any more. */
const STALE_COPY_MS = 3_600_000

/**
 * Takes an archive into the store (a tar as it is, or compressed with gzip or zstd), once it has been read to its end and
 * found good. One caller at a time. Throws `DistributionError`, and leaves nothing then: what `readArchive` throws, and
 * `disk-full`, `name-taken`.
 */
export async function loadImage(folder: string, source: Readable, options: LoadOptions): Promise<LoadedImage> {
  const { title, platform = currentPlatform(), roomBytes = Number.POSITIVE_INFINITY } = options
  const signal = options.signal ?? new AbortController().signal
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await sweep(folder)
  const draft = join(folder, `${DRAFT}${randomBytes(6).toString('hex')}`)
  try {
    const { digest: id, bytes } = await receiveArchive(source, { path: draft, title, roomBytes, signal })
    const references = await readArchive(draft, { title, platform, signal })
    const images = await listImages(folder)
    const known = images.find((image) => image.id === id)
    if (known !== undefined) return { image: known, isNew: false, replaced: [] }
    const replaced = replacedBy(references, images, title)
    const loadedAt = new Date()
    const note = { references, bytes, loadedAt: loadedAt.toISOString() }
    await writeFileAtomic(join(folder, `${id}.json`), `${JSON.stringify(note)}\n`, { mode: 0o644, durable: true })
    await makeLasting(draft)
    // Before the new one has its name: a node must never find both.
    for (const image of replaced) await removeArchive(folder, image)
    await publish(draft, join(folder, `${id}.tar`))
    return { image: { id, references, bytes, loadedAt, isOwn: false }, isNew: true, replaced }
  } finally {
    await rm(draft, { force: true })
  }
}

/** Removes what callers that were killed have left. */
async function sweep(folder: string): Promise<void> {
  const names = new Set(await readdir(folder))
  for (const name of names) {
    const isNote = /^[0-9a-f]{64}\.json$/.test(name) && !names.has(name.replace(/json$/, 'tar'))
    if (isNote || name.startsWith(DRAFT)) await rm(join(folder, name), { force: true })
  }
}

/** Which archives a new one stands in for. Throws `name-taken` where a name is not free for it. Pure. */
function replacedBy(
  references: readonly string[],
  images: readonly StoredImage[],
  title: string,
): readonly StoredImage[] {
  const own = references.find((reference) => reference.startsWith(`${OWN_REGISTRY}/`))
  if (own !== undefined) {
    throw new DistributionError(
      'name-taken',
      `${title} holds ${own}: names below ${OWN_REGISTRY} are of Evenkeel's own images; give yours another`,
    )
  }
  return images.filter((image) => {
    const common = image.references.filter((reference) => references.includes(reference))
    if (common.length === 0) return false
    const others = image.references.filter((reference) => !references.includes(reference))
    if (others.length === 0) return true
    throw new DistributionError(
      'name-taken',
      `${title} holds ${common.join(', ')}, which is loaded already in one archive with ${others.join(', ')}: ./evenkeel image remove ${common[0]} removes all of that, then repeat`,
    )
  })
}

/** What the store holds, by name. Asks the disk alone. */
export async function listImages(folder: string): Promise<readonly StoredImage[]> {
  const images: StoredImage[] = []
  for (const file of (await namesIn(folder)).filter((name) => /^[^.].*\.tar$/.test(name))) {
    const id = file.slice(0, -'.tar'.length)
    const found = await statIfThere(join(folder, file))
    const known = found === undefined ? undefined : await describe(folder, id)
    if (found !== undefined && known !== undefined) {
      images.push({ id, bytes: found.size, loadedAt: found.mtime, ...known })
    }
  }
  return images.sort((a, b) => ((a.references[0] ?? a.id) < (b.references[0] ?? b.id) ? -1 : 1))
}

/** Undefined of what is not ours: nobody has loaded it, and no node need take it. */
async function describe(
  folder: string,
  id: string,
): Promise<(Pick<StoredImage, 'references' | 'isOwn'> & { readonly loadedAt?: Date }) | undefined> {
  const own = ownImageOf(id)
  if (own !== undefined) return { references: [own], isOwn: true }
  const text = await readFileIfThere(join(folder, `${id}.json`))
  if (text === undefined) return undefined
  try {
    const { references, loadedAt } = JSON.parse(text) as { references: readonly string[]; loadedAt: string }
    return { references, loadedAt: new Date(loadedAt), isOwn: false }
  } catch {
    return undefined
  }
}

/** The name of an image of our own, of the name of its archive. */
function ownImageOf(id: string): string | undefined {
  for (const name of IMAGE_NAMES) {
    const version = id.startsWith(`${name}-v`) ? id.slice(name.length + 1) : ''
    if (/^v\d+\.\d+\.\d+$/.test(version)) return imageReference({ name, version })
  }
  return undefined
}

/**
 * Removes the archive of an image, by a name or by the first digits of its id (four or more). Nodes that have it keep it.
 * Throws `no-such-image`, and `name-taken` for images of our own.
 */
export async function removeImage(folder: string, which: string): Promise<StoredImage> {
  const images = await listImages(folder)
  const full = fullReference(which)
  const byName = images.filter(({ references }) => full !== undefined && references.includes(full))
  const byId = images.filter(({ id, isOwn }) => !isOwn && /^[0-9a-f]{4,64}$/.test(which) && id.startsWith(which))
  const [image, another] = byName.length > 0 ? byName : byId
  if (image === undefined || another !== undefined) {
    const why = image === undefined ? 'there is no image' : 'there are several images'
    throw new DistributionError('no-such-image', `${why} ${which}: ./evenkeel image list shows all`)
  }
  if (image.isOwn) {
    throw new DistributionError(
      'name-taken',
      `${which} is one of those that nodes need: keepers would put it there again`,
    )
  }
  await removeArchive(folder, image)
  return image
}

/** The archive first: without it the note says nothing. */
async function removeArchive(folder: string, { id }: StoredImage): Promise<void> {
  await rm(join(folder, `${id}.tar`), { force: true })
  await rm(join(folder, `${id}.json`), { force: true })
  await syncFolder(folder)
}

/** Where the store of an installation has an image of our own; asks no disk. */
export function placedImagePath(folder: string, { name, version }: Image): string {
  return join(folder, `${name}-${version}.tar`)
}

/**
 * Puts images of our own into the store of an installation: as links where both are on one disk, since neither is ever
 * changed, else as copies. What is there stays. Any number of callers may do so at once.
 */
export async function placeImages(folder: string, images: readonly InstalledImage[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  for (const { name, version, path } of images) {
    const target = placedImagePath(folder, { name, version })
    if ((await statIfThere(target)) !== undefined) continue
    try {
      await link(path, target)
      await syncFolder(folder)
    } catch (error) {
      if (hasErrorCode(error, 'EEXIST')) continue
      // Another disk, one without links, or one file with as many links as there can be.
      if (!hasErrorCode(error, 'EXDEV', 'EPERM', 'EMLINK', 'EOPNOTSUPP')) throw error
      await placeCopy(folder, path, target)
    }
  }
}

async function placeCopy(folder: string, path: string, target: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const left = name.startsWith(COPY) ? await statIfThere(join(folder, name)) : undefined
    if (left !== undefined && Date.now() - left.mtimeMs > STALE_COPY_MS) await rm(join(folder, name), { force: true })
  }
  const draft = join(folder, `${COPY}${randomBytes(6).toString('hex')}`)
  try {
    await copyFile(path, draft, constants.COPYFILE_FICLONE)
    await makeLasting(draft)
    await publish(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** Puts a whole file on disk, readable: a power cut leaves no empty archive. */
async function makeLasting(draft: string): Promise<void> {
  const file = await open(draft, 'r+')
  try {
    await file.chmod(0o644)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function publish(draft: string, target: string): Promise<void> {
  await rename(draft, target)
  await syncFolder(join(target, '..'))
}
