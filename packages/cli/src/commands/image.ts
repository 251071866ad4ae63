import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { type LoadedImage, listImages, loadImage, removeImage, type StoredImage } from '@evenkeel/distribution'
import { hasErrorCode } from '@evenkeel/kernel'
import { floorBytesOf, type LocalPaths } from '@evenkeel/substrate-local'
import { requireInstallation } from '../installation/index.ts'
import { readDisk } from '../machine/index.ts'
import { CommandError, errorLine, formatBytes, formatDate, formatList, formatTable } from '../terminal/index.ts'
import { type OutputOptions, writeJson } from './cluster.ts'
import { withLock } from './down.ts'

interface Context {
  readonly signal: AbortSignal
  readonly write: (text: string) => void
}

/** Digits of an id that people are shown, and may type. */
const ID_DIGITS = 12

const idOf = ({ id, isOwn }: StoredImage) => (isOwn ? id : id.slice(0, ID_DIGITS))

/** Takes an archive of images into the image store of the installation; `-` is standard input. */
export async function loadImageFile(file: string, { signal, write }: Context): Promise<void> {
  const { paths } = await requireInstallation()
  await withLock('evenkeel image load', { signal, print: (line) => write(`${line}\n`) }, async () => {
    const roomBytes = await roomFor(paths)
    const source = await openSource(file, roomBytes, paths)
    write(describeLoad(await loadImage(paths.images, source.stream, { title: source.title, roomBytes, signal })))
  })
}

interface Source {
  readonly title: string
  readonly stream: Readable
}

async function openSource(file: string, roomBytes: number, paths: LocalPaths): Promise<Source> {
  if (file === '-' && process.stdin.isTTY) {
    throw new CommandError('standard input is a terminal: docker save NAME:TAG | ./evenkeel image load -')
  }
  if (file === '-') return { title: 'what standard input gives', stream: process.stdin }
  try {
    const found = await stat(file)
    if (found.isDirectory()) {
      throw new CommandError(`${file} is a folder: pack an OCI layout with tar -C ${file} -cf FILE . and load that`)
    }
    if (found.isFile() && found.size > roomBytes) {
      throw new CommandError(
        `${file} has ${formatBytes(found.size)}, and the disk of ${paths.images} has room for ${formatBytes(roomBytes)} beside what is kept free for clusters: free some, or remove images that are not used (./evenkeel image list, ./evenkeel image remove)`,
      )
    }
  } catch (error) {
    if (error instanceof CommandError) throw error
    const next = hasErrorCode(error, 'ENOENT') ? 'docker save NAME:TAG -o FILE makes such a file' : errorLine(error)
    throw new CommandError(`${file} cannot be read: ${next}`, { cause: error })
  }
  return { title: basename(file), stream: createReadStream(file) }
}

/** What may be written there: where volumes are on the same disk, what is kept free for them stays so. */
async function roomFor(paths: LocalPaths): Promise<number> {
  const [images, volumes] = await Promise.all([readDisk(paths.images), readDisk(paths.volumes)])
  const floorBytes = images.device === volumes.device ? floorBytesOf(process.env) : 0
  return Math.max(images.freeBytes - floorBytes, 0)
}

function describeLoad({ image, isNew, replaced }: LoadedImage): string {
  const deed = isNew ? 'loaded' : 'is loaded already:'
  const lines = [`${deed} ${formatList(image.references)} (${formatBytes(image.bytes)}, ${idOf(image)})`]
  for (const older of replaced) lines.push(`in place of ${formatList(older.references)} (${idOf(older)})`)
  const latest = image.references.filter((reference) => reference.endsWith(':latest'))
  if (latest.length > 0) {
    lines.push('Kubernetes always asks a registry for :latest: give such containers imagePullPolicy: IfNotPresent')
  }
  return `${lines.join('\n')}\n`
}

export async function showImages(options: OutputOptions, write: Context['write']): Promise<void> {
  const { paths } = await requireInstallation()
  const images = await listImages(paths.images)
  if (options.output === 'json') {
    writeJson(write, { images })
    return
  }
  if (images.length === 0) {
    write('there are no images: ./evenkeel image load FILE loads some\n')
    return
  }
  const rows = images.flatMap((image) => {
    const { references, bytes, loadedAt, isOwn } = image
    const facts = [idOf(image), formatBytes(bytes), isOwn ? 'of Evenkeel' : formatDate(loadedAt.toISOString())]
    return references.map((reference) => [reference, ...facts])
  })
  write(`${formatTable([['IMAGE', 'ID', 'SIZE', 'LOADED'], ...rows]).join('\n')}\n`)
}

export async function removeImageNamed(which: string, { signal, write }: Context): Promise<void> {
  const { paths } = await requireInstallation()
  await withLock('evenkeel image remove', { signal, print: (line) => write(`${line}\n`) }, async () => {
    const image = await removeImage(paths.images, which)
    write(`removed ${formatList(image.references)} (${idOf(image)}); nodes that have it keep it\n`)
  })
}
