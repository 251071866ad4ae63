import type { Cluster } from '@evenkeel/contract/kinds'
import { newestNodeBundle, type Release, supportStatus } from '@evenkeel/distribution/releases'
import type { EksContext } from './context.ts'

export interface NodeVersion {
  /** Kubernetes minor. */
  readonly version: string
  /** Name of a node bundle of that minor. */
  readonly releaseVersion: string
}

/** By how many minors nodes may be older than their cluster: upstream's version skew policy, since 1.28. */
const MOST_MINORS_BEHIND = 3

/**
 * The version that nodes are to have: what is given, else the cluster's minor and the newest bundle of the minor. Pushes
 * what is wrong onto `complaints`, and answers undefined then.
 */
export function readNodeVersion(
  context: Pick<EksContext, 'releases' | 'clock'>,
  cluster: Cluster,
  asked: {
    readonly version?: string | undefined
    readonly releaseVersion?: string | undefined
    readonly complaints: string[]
  },
): NodeVersion | undefined {
  const { complaints, releaseVersion } = asked
  const offered = offeredReleases(context, cluster)
  const ofBundle = offered.find(({ nodeBundles }) =>
    nodeBundles.some((bundle) => bundle.releaseVersion === releaseVersion),
  )
  const version = asked.version ?? ofBundle?.minor ?? cluster.spec.version
  const release = offered.find(({ minor }) => minor === version)
  if (release === undefined) {
    complaints.push(versionComplaint(cluster, version, offered))
    return undefined
  }
  if (releaseVersion === undefined) return { version, releaseVersion: newestNodeBundle(release).releaseVersion }
  if (!release.nodeBundles.some((bundle) => bundle.releaseVersion === releaseVersion)) {
    const known = release.nodeBundles.map((bundle) => bundle.releaseVersion).join(', ')
    complaints.push(
      `releaseVersion must be one of ${known} for version ${version}, not ${JSON.stringify(releaseVersion.slice(0, 60))}`,
    )
    return undefined
  }
  return { version, releaseVersion }
}

/** Those whose nodes a cluster takes, oldest first. Its own minor stays one after the end of its support. */
function offeredReleases(
  { releases, clock }: Pick<EksContext, 'releases' | 'clock'>,
  cluster: Cluster,
): readonly Release[] {
  const now = new Date(clock.now())
  return releases.filter((release) => {
    const behind = minorsBehind(cluster, release.minor)
    const isSupported = supportStatus(release, now) !== 'ended' || release.minor === cluster.spec.version
    return isSupported && behind >= 0 && behind <= MOST_MINORS_BEHIND
  })
}

function versionComplaint(cluster: Cluster, version: string, offered: readonly Release[]): string {
  const ofCluster = cluster.spec.version
  const behind = minorsBehind(cluster, version)
  const why = /^1\.\d+$/.test(version)
    ? behind < 0
      ? `, since nodes must not be newer than their cluster, which has ${ofCluster}`
      : behind > MOST_MINORS_BEHIND
        ? `, since nodes must not be more than ${MOST_MINORS_BEHIND} minors older than their cluster, which has ${ofCluster}`
        : ''
    : ''
  return `version must be one of ${offered.map(({ minor }) => minor).join(', ')}, not ${JSON.stringify(version.slice(0, 60))}${why}`
}

function minorsBehind({ spec }: Cluster, minor: string): number {
  const numberOf = (text: string) => Number(text.split('.')[1])
  return numberOf(spec.version) - numberOf(minor)
}
