import {
  CLUSTERS,
  type Cluster,
  type KubeObject,
  NODE_GROUPS,
  type NodeGroup,
  type ObjectMeta,
  UPDATES,
  type Update,
} from '@evenkeel/contract/kinds'
import {
  type Clock,
  type Impersonation,
  type Informer,
  isAlreadyExists,
  isNotFound,
  type KubeClient,
  type Logger,
  type ResourceRef,
} from '@evenkeel/kernel'
import { acceptedUpdateOf, updateObject } from './accepted-update.ts'
import type { EksContext } from './context.ts'
import { eksNamesOf, type Updatable } from './updatable.ts'

export interface UpdateUpkeepOptions {
  readonly client: KubeClient
  readonly clusters: Informer<Cluster>
  readonly nodeGroups: Informer<NodeGroup>
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
 * Finishes what a service that died has left: makes Updates that were accepted, and removes those whose cluster or node
 * group is gone, and node groups whose cluster is (the home runs no garbage collector). Runs until `signal` is aborted.
 */
export async function keepUpdates(options: UpdateUpkeepOptions, signal: AbortSignal): Promise<void> {
  const { clusters, nodeGroups, updates, clock, log } = options
  while (!signal.aborted) {
    // Only the home says what is missing; an old mirror would have us undo what happened since.
    if ([clusters, nodeGroups, updates].every((informer) => informer.synced === 'live' && !informer.isStale())) {
      await runRound(options).catch((err: unknown) => {
        log.warn({ err }, 'updates could not be looked after: tried again')
      })
    }
    await clock.sleep(ROUND_MS, signal).catch(() => {})
  }
}

/** One look at all updates and node groups. */
export async function runRound(options: UpdateUpkeepOptions): Promise<void> {
  const { client, clusters, nodeGroups, updates, log } = options
  for (const owner of [...clusters.list(), ...nodeGroups.list()]) {
    const accepted = acceptedUpdateOf(owner)
    if (accepted === undefined || updates.get(owner.metadata.namespace, accepted.id) !== undefined) continue
    await createOnce(client, updateObject(owner, accepted))
    log.info({ ...namesForLog(owner), update: accepted.id }, 'made the object of an accepted update')
  }
  for (const group of nodeGroups.list()) {
    if (group.metadata.deletionTimestamp !== undefined || !(await isOrphan(options, group.metadata))) continue
    await removeOrphan(client, NODE_GROUPS, group)
    log.info(namesForLog(group), 'a node group is deleted, since its cluster is gone')
  }
  for (const update of updates.list()) {
    if (!(await isOrphan(options, update.metadata))) continue
    await removeOrphan(client, UPDATES, update)
    const { clusterName: cluster, nodegroupName } = update.spec
    log.info({ cluster, nodegroupName, update: update.metadata.name }, 'removed an update whose owner is gone')
  }
}

/** Whether what an object goes with is gone. The home itself is asked before anything is removed. */
async function isOrphan({ client, clusters, nodeGroups }: UpdateUpkeepOptions, metadata: ObjectMeta): Promise<boolean> {
  const { namespace } = metadata
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === 'Cluster' || kind === 'NodeGroup')
  if (owner === undefined) return false
  const [informer, resource] = owner.kind === 'Cluster' ? [clusters, CLUSTERS] : [nodeGroups, NODE_GROUPS]
  if (informer.get(namespace, owner.name)?.metadata.uid === owner.uid) return false
  const found = await client.get(resource, { namespace, name: owner.name }).catch(passNotFound)
  return found?.metadata.uid !== owner.uid
}

async function removeOrphan(client: KubeClient, resource: ResourceRef, { metadata }: KubeObject): Promise<void> {
  const { name, namespace, uid } = metadata
  const preconditions = uid === undefined ? undefined : { uid }
  await client.delete(resource, { name, namespace, preconditions }).catch(passNotFound)
}

function namesForLog(owner: Updatable): object {
  const { clusterName: cluster, nodegroupName } = eksNamesOf(owner)
  return nodegroupName === undefined ? { cluster } : { cluster, nodegroupName }
}

function passNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
