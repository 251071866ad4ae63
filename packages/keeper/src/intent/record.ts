import { createHash } from 'node:crypto'
import { type Cluster, ClusterSpec, objectName } from '@evenkeel/contract/kinds'
import Type from 'typebox'
import { Check, Errors } from 'typebox/value'

/** Name of the record that holds a cluster's accepted intent. */
export const INTENT_RECORD = 'intent.json'

/** What was accepted for a hosted cluster: from here on keepers need neither the service nor the home. */
export const HostedIntent = Type.Object({
  kind: Type.Literal('hosted'),
  /** `metadata.generation` of the Cluster that this was read from; never goes back. */
  generation: Type.Integer({ minimum: 0 }),
  /** `specDigest(spec)`. */
  digest: Type.String({ minLength: 1 }),
  uid: Type.String({ minLength: 1 }),
  namespace: Type.String({ minLength: 1 }),
  name: Type.String({ minLength: 1 }),
  spec: ClusterSpec,
  /** `metadata.creationTimestamp` (RFC 3339). */
  acceptedAt: Type.String({ minLength: 1 }),
  /** Once true, true for ever. */
  deleting: Type.Boolean(),
})
export type HostedIntent = Type.Static<typeof HostedIntent>

/** The installation's own API server, kept by keepers like the others. Written by `evenkeel up`. */
export const HomeIntent = Type.Object({
  kind: Type.Literal('home'),
  /** Kubernetes minor, such as "1.37". */
  version: Type.String({ pattern: '^1\\.[1-9][0-9]+$' }),
  acceptedAt: Type.String({ minLength: 1 }),
})
export type HomeIntent = Type.Static<typeof HomeIntent>

export type Intent = HostedIntent | HomeIntent

const Intent = Type.Union([HostedIntent, HomeIntent])

/** Throws when the record is not an intent: the message names the record and the first thing that is wrong. */
export function parseIntent(cluster: string, record: string): Intent {
  let value: unknown
  try {
    value = JSON.parse(record)
  } catch (cause) {
    throw new Error(`record ${cluster}/${INTENT_RECORD} is not JSON: restore it from a backup of the records`, {
      cause,
    })
  }
  if (!Check(Intent, value)) {
    const schema = isHome(value) ? HomeIntent : HostedIntent
    const first = Errors(schema, value)[0]
    throw new Error(
      `record ${cluster}/${INTENT_RECORD} is not an intent (${first?.instancePath ?? ''} ${first?.message ?? 'has a wrong shape'}): restore it from a backup of the records`,
    )
  }
  return value
}

function isHome(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'home'
}

export function serializeIntent(intent: Intent): string {
  return `${JSON.stringify(intent, null, 2)}\n`
}

/** The same for the same wishes, whatever the order of their members. */
export function specDigest(spec: ClusterSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 16)
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}

/** What a Cluster of the home asks for, or why it cannot be taken as an intent. */
export function intentOf(object: Cluster): HostedIntent | { readonly refused: string } {
  const { uid, namespace, name, generation, creationTimestamp, deletionTimestamp } = object.metadata
  const candidate = {
    kind: 'hosted' as const,
    generation: generation ?? 0,
    digest: specDigest(object.spec),
    uid: uid ?? '',
    namespace: namespace ?? '',
    name,
    spec: object.spec,
    acceptedAt: creationTimestamp ?? '',
    deleting: deletionTimestamp !== undefined,
  }
  if (!Check(HostedIntent, candidate)) {
    const first = Errors(HostedIntent, candidate)[0]
    return { refused: `${first?.instancePath ?? ''} ${first?.message ?? 'has a wrong shape'}` }
  }
  // The home sees the form of a derived name alone, since CEL knows no hash: another name would be a second cluster of
  // one EKS name, which no call of the EKS API finds.
  const wanted = objectName(object.spec.eksName)
  if (name !== wanted) {
    return { refused: `metadata.name is ${name}, and a cluster with eksName ${object.spec.eksName} is named ${wanted}` }
  }
  return candidate
}
