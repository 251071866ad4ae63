import type * as Eks from '@aws-sdk/client-eks'
import { platformVersion } from '@evenkeel/contract/kinds'
import { type Release, type SupportStatus, supportStatus } from '@evenkeel/distribution/releases'
import type { EksCall } from '../http/index.ts'
import type { EksContext } from './context.ts'
import { pageOf } from './page.ts'

const VERSION_STATUS: Readonly<Record<SupportStatus, Eks.VersionStatus>> = {
  standard: 'STANDARD_SUPPORT',
  extended: 'EXTENDED_SUPPORT',
  ended: 'UNSUPPORTED',
}
/** The deprecated twin of `versionStatus`. */
const OLD_STATUS: Readonly<Record<SupportStatus, Eks.ClusterVersionStatus>> = {
  standard: 'standard-support',
  extended: 'extended-support',
  ended: 'unsupported',
}
const CLUSTER_TYPE = 'eks'

/** Newest first. Versions out of support are shown when asked for: by `includeAll`, by name or by status. */
export function describeClusterVersions(
  context: EksContext,
  call: EksCall<Eks.DescribeClusterVersionsRequest>,
): Eks.DescribeClusterVersionsResponse {
  const { input } = call
  const now = new Date(context.clock.now())
  const wantedStatus = (support: SupportStatus): boolean =>
    (input.versionStatus === undefined || input.versionStatus === VERSION_STATUS[support]) &&
    (input.status === undefined || input.status === OLD_STATUS[support])
  const isAskedFor = (release: Release, support: SupportStatus): boolean =>
    support !== 'ended' ||
    input.includeAll === true ||
    input.clusterVersions?.includes(release.minor) === true ||
    input.versionStatus === 'UNSUPPORTED' ||
    input.status === 'unsupported'
  const shown = context.releases.filter((release) => {
    const support = supportStatus(release, now)
    return (
      (input.clusterType ?? CLUSTER_TYPE) === CLUSTER_TYPE &&
      (!input.clusterVersions?.length || input.clusterVersions.includes(release.minor)) &&
      (input.defaultOnly !== true || release.isDefault) &&
      wantedStatus(support) &&
      isAskedFor(release, support)
    )
  })
  const { items, nextToken } = pageOf(call, shown, { keyOf: (release) => orderOf(release.minor), descending: true })
  return { clusterVersions: items.map((release) => versionView(release, now)), nextToken }
}

function versionView(release: Release, now: Date): Eks.ClusterVersionInformation {
  const support = supportStatus(release, now)
  return {
    clusterVersion: release.minor,
    clusterType: CLUSTER_TYPE,
    defaultPlatformVersion: platformVersion(release.platformRevision),
    defaultVersion: release.isDefault,
    releaseDate: release.releasedAt,
    endOfStandardSupportDate: release.standardSupportEndsAt,
    endOfExtendedSupportDate: release.extendedSupportEndsAt,
    status: OLD_STATUS[support],
    versionStatus: VERSION_STATUS[support],
    kubernetesPatchVersion: release.kubernetes.version.replace(/^v/, ''),
  }
}

/** Text that sorts as the minor does: `1.9` before `1.10`. */
function orderOf(minor: string): string {
  return minor
    .split('.')
    .map((part) => part.padStart(4, '0'))
    .join('.')
}
