import type { NodeBundle } from './node-bundle.ts'
import type { Digests } from './schema.ts'

/** A minor of Kubernetes as we offer it. */
export interface Release {
  /** Such as `1.37`. */
  readonly minor: string
  /** What a cluster gets that asks for no version. */
  readonly isDefault: boolean
  readonly kubernetes: {
    /** The patch that new and updated clusters run, such as `v1.37.2`. */
    readonly version: string
  }
  readonly etcd: {
    /** Oldest version that this minor works with, such as `v3.5.24`. */
    readonly oldest: string
    /** Newest minor that this minor works with, such as `3.7`. */
    readonly newestMinor: string
    /** What new clusters of this minor run, such as `v3.7.3`. */
    readonly version: string
  }
  /** Which rendering of the control plane new clusters of this minor get: 1 is EKS's platform version `eks.1`. */
  readonly platformRevision: number
  /** What nodes of this minor may run, oldest first: new nodes run the last one. */
  readonly nodeBundles: readonly NodeBundle[]
  /** Versions of the add-ons that clusters of this minor get, by their EKS names. */
  readonly addOns: Readonly<Record<AddOnName, string>>
  readonly releasedAt: Date
  readonly standardSupportEndsAt: Date
  readonly extendedSupportEndsAt: Date
}

export type AddOnName = 'coredns' | 'kube-proxy' | 'metrics-server'

/** Versions of programs that depend on no minor of Kubernetes. */
export interface IndependentVersions {
  /** Simulates nodes. */
  readonly kwok: string
  /** Makes and moves images. */
  readonly crane: string
  /** Holds the namespaces of a pod. */
  readonly pause: string
}

/** Everything in `releases/`. */
export interface Catalogue {
  /** By minor, oldest first. */
  readonly releases: readonly Release[]
  readonly independent: IndependentVersions
  /** Pinned digests by `kubernetes v1.37.2` or `etcd v3.7.3`. */
  readonly digests: ReadonlyMap<string, Digests>
}

/** Where a minor stands in its life: standard support for 14 months, extended support for 12 more. */
export type SupportStatus = 'standard' | 'extended' | 'ended'

/** The moment at which a support ends belongs to what follows. */
export function supportStatus(release: Release, now: Date): SupportStatus {
  if (now < release.standardSupportEndsAt) return 'standard'
  return now < release.extendedSupportEndsAt ? 'extended' : 'ended'
}

/** Order of `major.minor` by number: `1.9` before `1.10`. */
export function compareMinors(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number)
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number)
  return aMajor - bMajor || aMinor - bMinor
}
