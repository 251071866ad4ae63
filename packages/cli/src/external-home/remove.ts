import { CLUSTERS, type KubeObject, NODE_GROUPS } from '@evenkeel/contract/kinds'
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CUSTOM_RESOURCE_DEFINITIONS,
  isForbidden,
  isInvalid,
  isNotFound,
  KubeClient,
  MUTATING_ADMISSION_POLICIES,
  MUTATING_ADMISSION_POLICY_BINDINGS,
  NAMESPACES,
  type ResourceRef,
  systemClock,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
} from '@evenkeel/kernel'
import { findOwner } from './claim.ts'

const OURS = 'app.kubernetes.io/part-of=evenkeel'
const TIMEOUT_MS = 10_000
const FORGET_MS = 15_000
const LOOK_INTERVAL_MS = 200

/** What guards clusters and their node groups goes first, then they, then their kinds, and last what holds the claim on the home. */
const BEFORE_CLUSTERS: readonly ResourceRef[] = [
  VALIDATING_ADMISSION_POLICY_BINDINGS,
  VALIDATING_ADMISSION_POLICIES,
  MUTATING_ADMISSION_POLICY_BINDINGS,
  MUTATING_ADMISSION_POLICIES,
]
const AFTER_CLUSTERS: readonly ResourceRef[] = [
  CUSTOM_RESOURCE_DEFINITIONS,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  NAMESPACES,
]
/** Kinds whose objects keepers hold. */
const HELD: readonly ResourceRef[] = [NODE_GROUPS, CLUSTERS]

/** Why something of ours is still at a home, and how its owner removes it. */
export interface Leftover {
  readonly reason: string
  readonly commands: readonly string[]
}

/**
 * Removes from an external home all that an installation has made there; nothing where it is the home of another one.
 * Keepers have to be stopped before: nobody else holds the clusters' finalizers. It can be repeated.
 */
export async function removeFromHome(
  kubeconfig: string,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
): Promise<'removed' | 'not ours' | Leftover> {
  const client = new KubeClient({ kubeconfig }, { userAgent: 'evenkeel-cli' })
  try {
    const owner = await findOwner(client, signal)
    if (owner !== undefined && owner !== id) return 'not ours'
    for (const resource of BEFORE_CLUSTERS) await removeOurs(client, resource, signal)
    for (const kind of HELD) await untilPoliciesAreForgotten(() => removeHeld(client, kind, signal), signal)
    for (const resource of AFTER_CLUSTERS) await removeOurs(client, resource, signal)
    return 'removed'
  } catch (error) {
    signal.throwIfAborted()
    return { reason: error instanceof Error ? error.message : String(error), commands: COMMANDS }
  } finally {
    client.close()
  }
}

async function removeOurs(client: KubeClient, resource: ResourceRef, signal: AbortSignal): Promise<void> {
  const { items } = await client.list<KubeObject>(resource, { labelSelector: OURS, signal, timeoutMs: TIMEOUT_MS })
  for (const { metadata } of items) await removeObject(client, resource, metadata.name, signal)
}

async function removeObject(client: KubeClient, resource: ResourceRef, name: string, signal: AbortSignal) {
  await client.delete(resource, { name, signal, timeoutMs: TIMEOUT_MS }).catch(passNotFound)
}

/** API servers judge by a policy for a moment after it was deleted. */
async function untilPoliciesAreForgotten(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const deadline = systemClock.now() + FORGET_MS
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      if (!(isForbidden(error) || isInvalid(error)) || systemClock.now() > deadline) throw error
    }
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}

async function removeHeld(client: KubeClient, kind: ResourceRef, signal: AbortSignal): Promise<void> {
  const found = await client
    .list<KubeObject>(kind, { signal, timeoutMs: TIMEOUT_MS })
    .catch((error: unknown) => (isNotFound(error) ? { items: [] } : Promise.reject(error)))
  for (const { metadata } of found.items) {
    const { name, namespace } = metadata
    const patch = { metadata: { finalizers: null } }
    await client.mergePatch(kind, { name, namespace, patch, signal, timeoutMs: TIMEOUT_MS }).catch(passNotFound)
    await client.delete(kind, { name, namespace, signal, timeoutMs: TIMEOUT_MS }).catch(passNotFound)
  }
}

function passNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error
}

/** The same by hand, with the rights of the home's owner. */
const COMMANDS: readonly string[] = [
  ...BEFORE_CLUSTERS.map(deleteCommand),
  ...HELD.map(releaseCommand),
  ...AFTER_CLUSTERS.map(deleteCommand),
]

function deleteCommand({ plural, group }: ResourceRef): string {
  return `kubectl delete ${group === '' ? plural : `${plural}.${group}`} -l ${OURS}`
}

function releaseCommand({ plural, group }: ResourceRef): string {
  const kind = `${plural}.${group}`
  return `kubectl get ${kind} -A --no-headers | while read -r namespace name rest; do kubectl patch ${kind} "$name" -n "$namespace" --type=merge -p '{"metadata":{"finalizers":null}}'; done`
}
