import type { KubeConnection } from '@evenkeel/kernel'
import type { LocalSubstrate } from '@evenkeel/substrate-local'
import { keptHome, useHome } from '../external-home/index.ts'
import type { OpenedInstallation } from '../installation/index.ts'
import { CommandError } from '../terminal/index.ts'
import { hasOwnHome, recordHomeIntent } from './home-intent.ts'
import { readSetup, recordSetup } from './setup.ts'

/**
 * A home of our own or somebody else's: decided by the first `up`, and kept, since it holds the clusters. An `up` that was
 * killed while it claimed a home is followed by one that finishes this, with or without the option.
 */
export async function chooseHome(
  opened: OpenedInstallation,
  {
    substrate,
    external,
    signal,
  }: {
    readonly substrate: Pick<LocalSubstrate, 'records'>
    /** What `--home-kubeconfig` leads to, if it was given. */
    readonly external: KubeConnection | undefined
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { access, home } = opened.paths
  const { hasExternalHome: hasHome = false, chosenHome: chosen } = await readSetup(access)
  const isOwn = await hasOwnHome(substrate)
  if (external === undefined && (isOwn || hasHome)) return
  if (external === undefined && chosen === undefined) {
    await recordHomeIntent(substrate)
    return
  }
  if (isOwn) {
    throw new CommandError(
      `${home} has a home of its own, which holds its clusters: --home-kubeconfig is for new installations, use another EVENKEEL_HOME`,
    )
  }
  const record = async (chosenHome: string | undefined) => void (await recordSetup(access, { chosenHome }))
  await useHome(external ?? (await keptHome(opened)), opened, { choice: { chosen, hasHome, record }, signal })
  await recordSetup(access, { hasExternalHome: true })
}
