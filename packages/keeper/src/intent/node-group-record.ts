import { clusterId, type NodeGroup, NodeGroupSpec, nodeGroupObjectName } from '@evenkeel/contract/kinds'
import type { ClusterId } from '@evenkeel/substrate'
import Type from 'typebox'
import { Check, Errors } from 'typebox/value'
import { latest } from './advance.ts'

/** What was accepted for a managed node group, as `HostedIntent` is for a cluster. */
export const NodeGroupIntent = Type.Object({
  /** `metadata.generation` of the NodeGroup that this was read from; never goes back. */
  generation: Type.Integer({ minimum: 0 }),
  uid: Type.String({ minLength: 1 }),
  namespace: Type.String({ minLength: 1 }),
  name: Type.String({ minLength: 1 }),
  spec: NodeGroupSpec,
  /** `metadata.creationTimestamp` (RFC 3339). */
  acceptedAt: Type.String({ minLength: 1 }),
  /** Once true, true for ever. */
  deleting: Type.Boolean(),
})
export type NodeGroupIntent = Omit<Type.Static<typeof NodeGroupIntent>, 'spec'> & { spec: NodeGroupSpec }

/** Short id of a node group, from the uid of its object: in names of its records and of its machines. */
export type NodeGroupId = string

export function nodeGroupId(uid: string): NodeGroupId {
  return clusterId(uid)
}

/** Name of one of a node group's records; all lie beside those of its cluster. */
export function nodeGroupRecord(group: NodeGroupId, what: string): string {
  return `node-group-${group}.${what}.json`
}

/** Name of the record that holds a node group's accepted intent. */
export function nodeGroupIntentRecord(group: NodeGroupId): string {
  return nodeGroupRecord(group, 'intent')
}

const INTENT_NAME = /^node-group-(?<group>[a-z0-9]+)\.intent\.json$/

/** Node groups of a cluster that are on record, by id. Throws as `parseNodeGroupIntent`. */
export function nodeGroupsOf(
  cluster: ClusterId,
  records: ReadonlyMap<string, string>,
): ReadonlyMap<NodeGroupId, NodeGroupIntent> {
  const groups = new Map<NodeGroupId, NodeGroupIntent>()
  for (const [name, content] of records) {
    const group = INTENT_NAME.exec(name)?.groups?.['group']
    if (group !== undefined) {
      groups.set(group, parseNodeGroupIntent(cluster, name, content))
    }
  }
  return groups
}

/** Throws when the record is not an intent: the message names the record and the first thing that is wrong. */
export function parseNodeGroupIntent(cluster: ClusterId, name: string, content: string): NodeGroupIntent {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (cause) {
    throw new Error(`record ${cluster}/${name} is not JSON: restore it from a backup of the records`, { cause })
  }
  if (!Check(NodeGroupIntent, value)) {
    const first = Errors(NodeGroupIntent, value)[0]
    throw new Error(
      `record ${cluster}/${name} is not an intent (${first?.instancePath ?? ''} ${first?.message ?? 'has a wrong shape'}): restore it from a backup of the records`,
    )
  }
  return value as NodeGroupIntent
}

export function serializeNodeGroupIntent(intent: NodeGroupIntent): string {
  return `${JSON.stringify(intent, null, 2)}\n`
}

/** What a NodeGroup of the home asks for, or why it cannot be taken as an intent. */
export function nodeGroupIntentOf(object: NodeGroup): NodeGroupIntent | { readonly refused: string } {
  const { uid, namespace, name, generation, creationTimestamp, deletionTimestamp } = object.metadata
  const candidate = {
    generation: generation ?? 0,
    uid: uid ?? '',
    namespace: namespace ?? '',
    name,
    spec: object.spec,
    acceptedAt: creationTimestamp ?? '',
    deleting: deletionTimestamp !== undefined,
  }
  if (!Check(NodeGroupIntent, candidate)) {
    const first = Errors(NodeGroupIntent, candidate)[0]
    return { refused: `${first?.instancePath ?? ''} ${first?.message ?? 'has a wrong shape'}` }
  }
  // As for clusters: the home cannot check a derived name.
  const { clusterName, nodegroupName } = object.spec
  const wanted = nodeGroupObjectName(clusterName, nodegroupName)
  if (name !== wanted) {
    return { refused: `metadata.name is ${name}, and node group ${nodegroupName} of ${clusterName} is named ${wanted}` }
  }
  return candidate as NodeGroupIntent
}

/** What is to be on record after `asked` was seen; as `advanceIntent` for clusters. */
export function advanceNodeGroupIntent(recorded: NodeGroupIntent | undefined, asked: NodeGroupIntent): NodeGroupIntent {
  return recorded === undefined ? asked : latest(recorded, asked)
}
