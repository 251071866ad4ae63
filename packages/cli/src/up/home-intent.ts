import { readFile } from 'node:fs/promises'
import { defaultRelease } from '@evenkeel/distribution'
import { ensureFolder, loadKubeconfig, writeFileAtomic } from '@evenkeel/kernel'
import { HOME_MANIFEST, homeManifest, type LocalPaths, type LocalSubstrate } from '@evenkeel/substrate-local'
import { CommandError } from '../terminal/index.ts'

/**
 * Asks the keepers for a home: an API server of our own, of today's default minor. Once: what the home runs is changed
 * by an upgrade, not by the next `up`.
 */
export async function recordHomeIntent(substrate: LocalSubstrate): Promise<void> {
  const manifest = homeManifest(defaultRelease().minor, new Date())
  await substrate.records.writeOnce(HOME_MANIFEST.cluster, HOME_MANIFEST.record, manifest)
}

/** Whether the home is our own API server: else it is a Kubernetes that somebody else runs. */
export async function hasOwnHome(substrate: LocalSubstrate): Promise<boolean> {
  return (await substrate.records.read(HOME_MANIFEST.cluster, HOME_MANIFEST.record)) !== undefined
}

/** Makes an existing Kubernetes the home: service and keepers reach it with the rights of the kubeconfig. */
export async function useExternalHome(kubeconfig: string, paths: LocalPaths, substrate: LocalSubstrate): Promise<void> {
  if (await hasOwnHome(substrate)) {
    throw new CommandError(
      `${paths.home} has a home of its own, which holds its clusters: --home-kubeconfig is for new installations, use another EVENKEEL_HOME`,
    )
  }
  try {
    // Refuses what our client cannot use, such as a login by a plugin.
    await loadKubeconfig(kubeconfig)
  } catch (error) {
    throw new CommandError(`--home-kubeconfig: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  const content = await readFile(kubeconfig, 'utf8')
  await ensureFolder(paths.access)
  for (const file of [paths.serviceKubeconfig, paths.keeperKubeconfig, paths.adminKubeconfig]) {
    await writeFileAtomic(file, content, { durable: true })
  }
}
