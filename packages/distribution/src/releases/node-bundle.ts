import { minorOf } from '../programs.ts'
import type { Release } from './release.ts'

/** Everything of upstream's that a node runs, under one name. Versions are exact, with their `v`. */
export interface NodeBundle {
  /** Such as `1.37.2-20261125`: the patch of its kubelet, and the day on which the bundle was put together. */
  readonly releaseVersion: string
  readonly kubelet: string
  /** Of containerd, its shim and ctr. */
  readonly containerd: string
  readonly runc: string
  readonly cniPlugins: string
}

/** What new nodes of a minor run. */
export function newestNodeBundle({ minor, nodeBundles }: Pick<Release, 'minor' | 'nodeBundles'>): NodeBundle {
  const newest = nodeBundles.at(-1)
  if (newest === undefined) throw new Error(`${minor} has a bundle: parseCatalogue checks it`)
  return newest
}

/** Says what is wrong with the bundles of a minor whose control planes run `version`, or nothing. */
export function findBundleFault(bundles: readonly NodeBundle[], version: string): string | undefined {
  let before = ''
  for (const { releaseVersion, kubelet } of bundles) {
    const [patch = '', day = ''] = releaseVersion.split('-')
    if (kubelet !== `v${patch}`) return `node bundle ${releaseVersion} holds kubelet ${kubelet}`
    if (!isDay(day)) return `node bundle ${releaseVersion}: ${day} is no day`
    if (day <= before) return `node bundle ${releaseVersion} is not younger than the one before it`
    if (minorOf(kubelet) !== minorOf(version)) return `node bundle ${releaseVersion} is not of ${minorOf(version)}`
    if (patchOf(kubelet) > patchOf(version)) return `node bundle ${releaseVersion} is newer than Kubernetes ${version}`
    before = day
  }
  return undefined
}

function isDay(digits: string): boolean {
  const text = digits.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
  const moment = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text)
}

function patchOf(version: string): number {
  return Number(version.slice(version.lastIndexOf('.') + 1))
}
