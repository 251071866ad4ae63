import { defaultRelease } from '@evenkeel/distribution'
import { HOME_MANIFEST, homeManifest, type LocalSubstrate } from '@evenkeel/substrate-local'

/**
 * Asks the keepers for a home: an API server of our own, of today's default minor. Once: what the home runs is changed
 * by an upgrade, not by the next `up`.
 */
export async function recordHomeIntent(substrate: Pick<LocalSubstrate, 'records'>): Promise<void> {
  const manifest = homeManifest(defaultRelease().minor, new Date())
  await substrate.records.writeOnce(HOME_MANIFEST.cluster, HOME_MANIFEST.record, manifest)
}

/** Whether the home is our own API server: else it is a Kubernetes that somebody else runs. */
export async function hasOwnHome(substrate: Pick<LocalSubstrate, 'records'>): Promise<boolean> {
  return (await substrate.records.read(HOME_MANIFEST.cluster, HOME_MANIFEST.record)) !== undefined
}
