import { createHash, randomUUID } from 'node:crypto'
import type { UpdateType } from '@aws-sdk/client-eks'
import { API_VERSION, type Update, type UpdateSpec } from '@evenkeel/contract/kinds'
import { eksNamesOf, isNodeGroup, type Updatable } from './updatable.ts'

/**
 * The last update that was accepted for a cluster or a node group, in an annotation of its object. It is written together with the
 * change itself, in one write: a service that dies behind it leaves neither a change without an update nor an update
 * without its change. The Update object is made from it, by the same process or by the next.
 */
export const ACCEPTED_UPDATE_ANNOTATION = 'evenkeel.dev/accepted-update'

export interface AcceptedUpdate {
  /** The EKS update id: a UUID. */
  readonly id: string
  /** RFC 3339. */
  readonly acceptedAt: string
  readonly spec: UpdateSpec
}

/** What an accepted update may be: whoever may write the object may write anything there. */
const CLUSTER_TYPES: readonly string[] = ['DeletionProtectionUpdate', 'UpgradePolicyUpdate'] satisfies UpdateType[]
const NODE_GROUP_TYPES: readonly string[] = ['ConfigUpdate', 'VersionUpdate'] satisfies UpdateType[]

export function acceptedUpdateOf(owner: Updatable): AcceptedUpdate | undefined {
  const text = owner.metadata.annotations?.[ACCEPTED_UPDATE_ANNOTATION]
  if (text === undefined) return undefined
  const { id, acceptedAt, spec } = parseJson(text) as Partial<AcceptedUpdate>
  const { clusterName, nodegroupName } = eksNamesOf(owner)
  const types = isNodeGroup(owner) ? NODE_GROUP_TYPES : CLUSTER_TYPES
  const isWhole =
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(id)) &&
    !Number.isNaN(Date.parse(String(acceptedAt))) &&
    spec?.clusterName === clusterName &&
    spec.nodegroupName === nodegroupName &&
    types.includes(spec.type) &&
    Array.isArray(spec.params) &&
    spec.params.every((param) => typeof param?.type === 'string' && typeof param.value === 'string')
  return isWhole ? { id: String(id), acceptedAt: String(acceptedAt), spec } : undefined
}

function parseJson(text: string): object {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    return {}
  }
}

/** The object of an accepted update; it goes with what it changes. */
export function updateObject(owner: Updatable, accepted: AcceptedUpdate): Update {
  const { name, namespace = '', uid = '' } = owner.metadata
  const kind = isNodeGroup(owner) ? 'NodeGroup' : 'Cluster'
  return {
    apiVersion: API_VERSION,
    kind: 'Update',
    metadata: {
      name: accepted.id,
      namespace,
      ownerReferences: [{ apiVersion: API_VERSION, kind, name, uid }],
    },
    spec: accepted.spec,
  }
}

/** Whether an update is of this cluster or node group, and not of an earlier one of its name. */
export function isUpdateOf(update: Update, owner: Updatable): boolean {
  return update.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false
}

/** The same for the same call again, so that a repetition finds what the first has made. */
export function updateId(owner: Updatable, clientRequestToken: string | undefined): string {
  if (clientRequestToken === undefined) return randomUUID()
  const digest = createHash('sha256').update(`update ${owner.metadata.uid} ${clientRequestToken}`).digest('hex')
  // A UUID of version 8: its bits are ours to choose (RFC 9562).
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `a${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-')
}
