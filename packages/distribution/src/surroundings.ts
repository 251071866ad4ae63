import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DistributionError } from './faults.ts'
import { pinnedDigests } from './releases/index.ts'
import {
  createBuildSource,
  createFolderSite,
  createHttpSite,
  createSiteSource,
  type Pins,
  SITE_TIMEOUTS,
  type Site,
  type SiteTimeouts,
  type Source,
} from './sources/index.ts'

/** The world as the sources see it: the real one, except in tests. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv
  readonly timeouts: SiteTimeouts
  /** What stands before `dl.k8s.io/...` and `github.com/...`. */
  readonly officialBase: string
  readonly pins: Pins
  /** Folder of the recipes for builds. */
  readonly recipes: string
  /** Where Go may be, beside PATH. */
  readonly usualPlacesOfGo?: readonly string[]
}

export function realSurroundings(): Surroundings {
  return {
    environment: process.env,
    timeouts: SITE_TIMEOUTS,
    officialBase: 'https://',
    pins: pinnedDigests,
    recipes: join(import.meta.dirname, '../go'),
  }
}

/** The sources beside the store, in the order in which they are asked. A mirror stands in for the official sites. */
export interface OpenSources {
  readonly site: Site
  readonly all: readonly [sites: Source, build: Source]
  close(): Promise<void>
}

export function openSources(surroundings: Surroundings): OpenSources {
  const { environment, recipes, pins, usualPlacesOfGo: usualPlaces } = surroundings
  const mirror = environment.EVENKEEL_MIRROR
  const isMirrored = mirror !== undefined && mirror !== ''
  const site = isMirrored
    ? openMirror(mirror, surroundings)
    : createHttpSite({ base: surroundings.officialBase, ...surroundings })
  const build = createBuildSource({ recipes, environment, ...(usualPlaces === undefined ? {} : { usualPlaces }) })
  return {
    site,
    all: [createSiteSource(isMirrored ? 'mirror' : 'official', site, pins), build],
    close: () => site.close(),
  }
}

function openMirror(mirror: string, { environment, timeouts }: Surroundings): Site {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(mirror)?.[1]?.toLowerCase()
  if (scheme === undefined)
    return createFolderSite(resolve(mirror.replace(/^~(?=\/|$)/, environment.HOME ?? homedir())))
  const address = URL.parse(mirror)
  if (address !== null && address.search === '' && address.hash === '') {
    if (scheme === 'file') return createFolderSite(fileURLToPath(address))
    const base = address.href.endsWith('/') ? address.href : `${address.href}/`
    if (scheme === 'https' || scheme === 'http') return createHttpSite({ base, timeouts, environment })
  }
  throw new DistributionError(
    'invalid-request',
    'EVENKEEL_MIRROR must be a folder, or an http, https or file address without a query, whose folders are named as the ' +
      'official sites are: dl.k8s.io, github.com',
  )
}
