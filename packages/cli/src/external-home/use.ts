import { KEEPER_IDENTITY } from '@evenkeel/contract/kinds'
import {
  ensureFolder,
  KubeClient,
  type KubeConnection,
  loadKubeconfig,
  NAMESPACES,
  writeFileAtomic,
} from '@evenkeel/kernel'
import type { LocalPaths } from '@evenkeel/substrate-local'
import type { OpenedInstallation } from '../installation/index.ts'
import { CommandError } from '../terminal/index.ts'
import { claimHome } from './claim.ts'
import { renderKubeconfig } from './kubeconfig.ts'
import { describeRights, missingRights } from './rights.ts'

/** Whose admission policies of the stable kind our checks and defaults are. */
const LEAST_MINOR = 36
const TIMEOUT_MS = 10_000

/** Whether the Kubernetes of a kubeconfig can be a home. Changes nothing. Throws CommandError and says what it lacks. */
export async function examineHome(kubeconfig: string, signal: AbortSignal): Promise<KubeConnection> {
  const connection = await load(kubeconfig)
  await withClient(connection, async (client) => {
    await requireVersion(client, signal)
    await requireRights(client, signal)
  })
  return connection
}

/** The home that an installation has on record, to come to its end with a claim that was interrupted. */
export async function keptHome({ paths }: OpenedInstallation): Promise<KubeConnection> {
  return await load(paths.adminKubeconfig)
}

/** What is known of the choice, and where it is put on record. */
export interface HomeChoice {
  /** Uid of the namespace `kube-system` of the home that was chosen before. */
  readonly chosen: string | undefined
  /** That home is claimed. */
  readonly hasHome: boolean
  /** Durable when it returns; undefined: nothing is chosen any more. */
  record(chosen: string | undefined): Promise<void>
}

/**
 * Makes an existing Kubernetes the home of an installation. Service and command line reach it with the identity of the
 * kubeconfig, keepers as the keeper, impersonated by it: admission policies tell them apart. Changes nothing there but
 * one namespace, which says whose home it is; by then the way there and the choice are on record, so that whoever is
 * killed in between is followed by one who finishes. Safe to repeat: that is how credentials are replaced.
 */
export async function useHome(
  connection: KubeConnection,
  { installation, paths }: OpenedInstallation,
  { choice, signal }: { readonly choice: HomeChoice; readonly signal: AbortSignal },
): Promise<void> {
  const { chosen, hasHome } = choice
  const claimant = { id: installation.id, stateFolder: paths.home, hasHome }
  await withClient(connection, async (client) => {
    const uid = await uidOf(client, signal)
    if (chosen !== undefined && uid !== chosen) {
      throw new CommandError(
        `--home-kubeconfig: this is another Kubernetes than the home that was chosen for this installation${hasHome ? ', which holds its clusters' : ''}: give a kubeconfig of that one, or use another EVENKEEL_HOME`,
      )
    }
    // The way to the home that holds our clusters is not lost to one that is none.
    if (hasHome) await claimHome(client, claimant, signal)
    await writeAccess(connection, paths)
    await choice.record(uid)
    if (hasHome) return
    try {
      await claimHome(client, claimant, signal)
    } catch (error) {
      if (error instanceof CommandError) await choice.record(undefined)
      throw error
    }
  })
}

async function writeAccess(connection: KubeConnection, paths: LocalPaths): Promise<void> {
  const keeper = { user: KEEPER_IDENTITY.user, groups: [KEEPER_IDENTITY.group] }
  await ensureFolder(paths.access)
  for (const [file, content] of [
    [paths.adminKubeconfig, renderKubeconfig(connection)],
    [paths.serviceKubeconfig, renderKubeconfig(connection)],
    [paths.keeperKubeconfig, renderKubeconfig({ ...connection, impersonate: keeper })],
  ] as const) {
    await writeFileAtomic(file, content, { durable: true })
  }
}

/** What tells one Kubernetes from another, whatever its address: the uid of a namespace that each has from the first on. */
async function uidOf(client: KubeClient, signal: AbortSignal): Promise<string> {
  const { metadata } = await client.get(NAMESPACES, { name: 'kube-system', signal, timeoutMs: TIMEOUT_MS })
  return metadata.uid ?? ''
}

/** Refuses what our client cannot use, such as a login by a plugin. */
async function load(kubeconfig: string): Promise<KubeConnection> {
  try {
    return await loadKubeconfig(kubeconfig)
  } catch (error) {
    throw new CommandError(`--home-kubeconfig: ${messageOf(error)}`, { cause: error })
  }
}

async function withClient(connection: KubeConnection, ask: (client: KubeClient) => Promise<void>): Promise<void> {
  const client = new KubeClient(connection, { userAgent: 'evenkeel-cli' })
  try {
    await ask(client)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(
      `--home-kubeconfig: ${connection.server} cannot be the home: ${messageOf(error)}; mend that, then repeat`,
      { cause: error },
    )
  } finally {
    client.close()
  }
}

async function requireVersion(client: KubeClient, signal: AbortSignal): Promise<void> {
  const answer = (await client.request('/version', { signal, timeoutMs: TIMEOUT_MS })) as {
    readonly minor?: string
    readonly gitVersion?: string
  }
  // Some vendors add a plus sign.
  const minor = Number.parseInt(answer.minor ?? '', 10)
  if (!(minor >= LEAST_MINOR)) {
    throw new CommandError(
      `--home-kubeconfig: the home has to be Kubernetes 1.${LEAST_MINOR} or later, this one is ${answer.gitVersion ?? 'of an unknown version'}: upgrade it, or use another one`,
    )
  }
}

async function requireRights(client: KubeClient, signal: AbortSignal): Promise<void> {
  const missing = await missingRights(client, signal)
  if (missing.length === 0) return
  throw new CommandError(
    `--home-kubeconfig: its user may not ${describeRights(missing).join('; ')}. Grant that, such as by a binding to the ClusterRole cluster-admin, then repeat`,
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
