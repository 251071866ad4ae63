import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'
import { type EnsureOptions, ensurePrograms } from '../ensure-programs.ts'
import type { ProgramRequest } from '../program-request.ts'
import { currentPlatform } from '../programs.ts'
import { independentVersions } from '../releases/index.ts'
import {
  explainDiskError,
  installFile,
  lockStore,
  openStaging,
  programPath,
  type Staging,
  storeRoot,
} from '../store/index.ts'
import { realSurroundings } from '../surroundings.ts'
import { IMAGE_RECIPES, type Image, type ImageRequest, imagePath, imageReference, wantedImages } from './image.ts'
import { makeImage } from './make-image.ts'

/**
 * How far an image is. Its programs come first, with events of their own (`onProgress`).
 * - `waiting`: another process writes to this store.
 * - `making`: crane is at work.
 * - `installed`: it is in the store: the last event of an image.
 */
export interface ImageProgressEvent extends Image {
  readonly phase: 'waiting' | 'making' | 'installed'
  /** A phrase for people, without the image and its version. */
  readonly message: string
  /** Since this image was asked for. */
  readonly elapsedMs: number
}

export interface EnsureImagesOptions extends EnsureOptions {
  readonly onImageProgress?: (event: ImageProgressEvent) => void
}

/** An image whose archive is in the store now. */
export interface InstalledImage extends Image {
  /** What pods call it. */
  readonly reference: string
  /** A tar of an OCI layout: whole, and never changed again. */
  readonly path: string
  /** `store` when it was there already. */
  readonly source: 'store' | 'made'
}

/**
 * Makes images of programs, and brings what that takes: the programs and crane, as `ensurePrograms` does. What the store
 * has is left alone, and asks nothing of any source. Processes that write to one store wait for each other; each image
 * appears as a whole or not at all. Throws `DistributionError`, or the reason of the signal.
 */
export async function ensureImages(
  request: ImageRequest,
  options: EnsureImagesOptions = {},
): Promise<readonly InstalledImage[]> {
  const { environment } = { ...realSurroundings(), ...options.surroundings }
  const store = options.store ?? storeRoot(environment)
  const signal = options.signal ?? new AbortController().signal
  const wanted = wantedImages(request)
  const startedMs = performance.now()
  const report = (image: Image, phase: ImageProgressEvent['phase'], message: string) =>
    options.onImageProgress?.({ ...image, phase, message, elapsedMs: Math.round(performance.now() - startedMs) })
  const missing = await missingOf(wanted, store)
  const made = new Set<Image>()
  if (missing.length > 0) {
    await ensurePrograms(programRequest(missing), { ...options, store })
    const lock = await lockStore(store, missing.map(({ name, version }) => `image ${name} ${version}`).join(', '), {
      signal,
      onWaiting(holder) {
        const who = holder === undefined ? 'another process' : `pid ${holder.pid}, which installs ${holder.installs}`
        for (const image of missing) report(image, 'waiting', `waiting for ${who}`)
      },
    })
    try {
      const either = AbortSignal.any([signal, lock.lost])
      // Not what another process has made while we waited.
      const stillMissing = await missingOf(missing, store)
      const staging = await openStaging(store)
      try {
        // One after the other: each compresses with all processors.
        for (const image of stillMissing) {
          report(image, 'making', 'making it with crane')
          await makeAndInstall(image, { store, staging, signal: either })
          made.add(image)
          report(image, 'installed', 'made')
        }
      } finally {
        await staging.discard()
      }
    } finally {
      await lock.release()
    }
  }
  return wanted.map((image) => {
    if (!made.has(image)) report(image, 'installed', 'in the store already')
    const source = made.has(image) ? 'made' : 'store'
    return { ...image, reference: imageReference(image), path: imagePath(image, store), source }
  })
}

/** What of a request the store has not. Asks the disk alone. Throws where an image or version cannot be. */
export async function missingImages(request: ImageRequest, store: string = storeRoot()): Promise<readonly Image[]> {
  return await missingOf(wantedImages(request), store)
}

async function missingOf(images: readonly Image[], store: string): Promise<readonly Image[]> {
  const missing: Image[] = []
  for (const image of images) {
    if (!(await isFile(imagePath(image, store)))) missing.push(image)
  }
  return missing
}

async function isFile(path: string): Promise<boolean> {
  try {
    const found = await stat(path)
    return found.isFile() && found.size > 0
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/** All that making images takes. */
export function programRequest(images: readonly Image[]): ProgramRequest {
  const versionsOf = (name: Image['name']) =>
    images.filter((image) => image.name === name).map(({ version }) => version)
  return {
    crane: [independentVersions().crane],
    pause: versionsOf('pause'),
    coredns: versionsOf('coredns'),
    'metrics-server': versionsOf('metrics-server'),
  }
}

interface Making {
  readonly store: string
  readonly staging: Staging
  readonly signal: AbortSignal
}

async function makeAndInstall(image: Image, { store, staging, signal }: Making): Promise<void> {
  const folder = join(staging.folder, `image-${image.name}-${image.version}`)
  const archive = join(folder, 'image.tar')
  await mkdir(folder).catch(explainDiskError(folder))
  await makeImage({
    image,
    platform: currentPlatform(),
    crane: programPath({ name: 'crane', version: independentVersions().crane }, store),
    program: programPath({ name: IMAGE_RECIPES[image.name].program, version: image.version }, store),
    scratch: join(folder, 'scratch'),
    archive,
    signal,
  })
  await installFile(archive, imagePath(image, store))
  await rm(folder, { recursive: true, force: true })
}
