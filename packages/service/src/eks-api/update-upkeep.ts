import { CLUSTERS, type Cluster, UPDATES, type Update } from '@evenkeel/contract/kinds'
import {
  type Clock,
  type Impersonation,
  type Informer,
  isAlreadyExists,
  isNotFound,
  type KubeClient,
  type Logger,
} from '@evenkeel/kernel'
import { acceptedUpdateOf, updateObject } from './accepted-update.ts'
import type { EksContext } from './context.ts'

export interface UpdateUpkeepOptions {
  readonly client: KubeClient
  readonly clusters: Informer<Cluster>
  readonly updates: Informer<Update>
  readonly clock: Clock
  readonly log: Logger
}

/** Long enough for a request to make its own Update first. */
const ROUND_MS = 15_000

/** Makes the object of an accepted update, in the name of who asked for it; answers the one that is there already. */
export async function makeUpdate(
  { client, updates }: Pick<EksContext, 'client' | 'updates'>,
  update: Update,
  impersonate: Impersonation,
): Promise<Update> {
  const made = await createOnce(client, update, impersonate)
  updates.remember(made)
  return made
}

async function createOnce(client: KubeClient, update: Update, impersonate?: Impersonation): Promise<Update> {
  try {
    return await client.create(UPDATES, update, { impersonate })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    const { name, namespace } = update.metadata
    return await client.get<Update>(UPDATES, { name, namespace })
  }
}

/**
 * Finishes what a service that died has left: makes Updates that were accepted, and removes those whose cluster is
 * gone (the home runs no garbage collector). Runs until `signal` is aborted.
 */
export async function keepUpdates(options: UpdateUpkeepOptions, signal: AbortSignal): Promise<void> {
  const { clusters, updates, clock, log } = options
  while (!signal.aborted) {
    // Only the home says what is missing; an old mirror would have us undo what happened since.
    if (clusters.synced === 'live' && updates.synced === 'live' && !clusters.isStale() && !updates.isStale()) {
      await runRound(options).catch((err: unknown) => {
        log.warn({ err }, 'updates could not be looked after: tried again')
      })
    }
    await clock.sleep(ROUND_MS, signal).catch(() => {})
  }
}

/** One look at all updates. */
export async function runRound(options: UpdateUpkeepOptions): Promise<void> {
  const { client, clusters, updates, log } = options
  for (const cluster of clusters.list()) {
    const accepted = acceptedUpdateOf(cluster)
    if (accepted === undefined || updates.get(cluster.metadata.namespace, accepted.id) !== undefined) continue
    await createOnce(client, updateObject(cluster, accepted))
    log.info({ cluster: cluster.spec.eksName, update: accepted.id }, 'made the object of an accepted update')
  }
  for (const update of updates.list()) {
    if (!(await isOrphan(options, update))) continue
    const { name, namespace, uid } = update.metadata
    const preconditions = uid === undefined ? undefined : { uid }
    await client.delete(UPDATES, { name, namespace, preconditions }).catch(passNotFound)
    log.info({ cluster: update.spec.clusterName, update: name }, 'removed an update whose cluster is gone')
  }
}

/** Whether the cluster that an update goes with is gone. The home itself is asked before anything is removed. */
async function isOrphan({ client, clusters }: UpdateUpkeepOptions, { metadata }: Update): Promise<boolean> {
  const { namespace } = metadata
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === 'Cluster')
  if (owner === undefined || clusters.get(namespace, owner.name)?.metadata.uid === owner.uid) return false
  const found = await client.get<Cluster>(CLUSTERS, { namespace, name: owner.name }).catch(passNotFound)
  return found?.metadata.uid !== owner.uid
}

function passNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
