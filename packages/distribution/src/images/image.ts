import { join } from 'node:path'
import { DistributionError } from '../faults.ts'
import { currentPlatform, type Platform, type ProgramName, requireVersion } from '../programs.ts'
import { independentVersions, type Release } from '../releases/index.ts'
import { storeRoot } from '../store/index.ts'

interface ImageRecipe {
  /** The one program in it, of the image's version. Statically linked. */
  readonly program: ProgramName
  /** Who runs it where a pod does not say, `uid:gid` as upstream's images have it; root when absent. */
  readonly user?: string
}

/** Images that we make ourselves, each of one program of the store. */
export const IMAGE_RECIPES = {
  pause: { program: 'pause', user: '65535:65535' },
  // As root, since its port is 53: a pod drops what else root may.
  coredns: { program: 'coredns' },
  'metrics-server': { program: 'metrics-server', user: '65534:65534' },
} as const satisfies Record<string, ImageRecipe>

export type ImageName = keyof typeof IMAGE_RECIPES
export const IMAGE_NAMES = Object.keys(IMAGE_RECIPES) as readonly ImageName[]

/** One image at one exact version, that of its program. */
export interface Image {
  readonly name: ImageName
  readonly version: string
}

/** Versions of images that are wanted, such as `{ pause: ['v1.0.0'] }`: nothing of any other image. */
export type ImageRequest = { readonly [Name in ImageName]?: readonly string[] }

/** A registry that is nowhere (`internal` is reserved for private use): what it names is in the image store or missing. */
export const OWN_REGISTRY = 'evenkeel.internal'

/** What pods call an image, such as `evenkeel.internal/coredns:v1.15.0`. */
export function imageReference({ name, version }: Image): string {
  requireVersion(version)
  return `${OWN_REGISTRY}/${name}:${version}`
}

/** Where the store keeps an image's OCI archive; asks no disk. */
export function imagePath(
  { name, version }: Image,
  store: string = storeRoot(),
  platform: Platform = currentPlatform(),
): string {
  requireVersion(version)
  return join(store, 'images', name, version, `${platform}.tar`)
}

/** The images of a request, each once. Throws where an image or version cannot be. */
export function wantedImages(request: ImageRequest): readonly Image[] {
  for (const name of Object.keys(request)) {
    if (!(IMAGE_NAMES as readonly string[]).includes(name)) {
      const known = IMAGE_NAMES.join(', ')
      throw new DistributionError('invalid-request', `there is no image ${JSON.stringify(name)}: known are ${known}`)
    }
  }
  return IMAGE_NAMES.flatMap((name) => {
    return [...new Set(request[name] ?? [])].map((version) => {
      requireVersion(version)
      return { name, version }
    })
  })
}

/** What nodes of a minor need without any registry, for `ensureImages`: what pods stand on, and the add-ons that are pods. */
export function nodeImageRequest({ addOns }: Pick<Release, 'addOns'>): ImageRequest {
  return {
    pause: [independentVersions().pause],
    coredns: [addOns.coredns],
    'metrics-server': [addOns['metrics-server']],
  }
}
