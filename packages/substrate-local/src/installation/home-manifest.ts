/** The record that asks keepers for the installation's own API server: cluster `home`, name `intent.json`. */
export const HOME_MANIFEST = { cluster: 'home', record: 'intent.json' } as const

/** What `up` writes there; keepers read it as an intent of the kind `home`. */
export interface HomeManifest {
  readonly kind: 'home'
  /** Kubernetes minor, such as `1.37`. */
  readonly version: string
  /** RFC 3339. */
  readonly acceptedAt: string
}

/** For `records.writeOnce`: a home keeps the minor that it was made with. */
export function homeManifest(version: string, acceptedAt: Date): string {
  const manifest: HomeManifest = { kind: 'home', version, acceptedAt: acceptedAt.toISOString() }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}
