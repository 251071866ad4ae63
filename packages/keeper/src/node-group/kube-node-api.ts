import type { KubeObject } from '@evenkeel/contract/kinds'
import { isNotFound, KubeClient, KubeError, type ResourceRef } from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'
import type { KubeTaint } from '../node/index.ts'
import type { NodeApi, NodeApiTarget } from './ports.ts'
import type { ObservedNode, PodOnNode } from './snapshot.ts'

const NODES: ResourceRef = { group: '', version: 'v1', plural: 'nodes', namespaced: false }
const PODS: ResourceRef = { group: '', version: 'v1', plural: 'pods', namespaced: true }
const TIMEOUT_MS = 5000
/** All groups of a cluster are looked at within this time with one list. */
const LIST_LIFE_MS = 300
/** Set by kubelets on what stands for a file of theirs (upstream's `kubernetes.io/config.mirror`). */
const MIRROR = 'kubernetes.io/config.mirror'

interface KubeNode extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly KubeTaint[] }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[]
  }
}

interface KubePod extends KubeObject {
  readonly status?: { readonly phase?: string }
}

interface Acquaintance {
  readonly stamp: string
  readonly client: KubeClient
  list: { readonly atMs: number; readonly nodes: Promise<readonly ObservedNode[]> } | undefined
}

/** Asks the clusters themselves, with the keeper's certificate, through their endpoint. */
export class KubeNodeApi implements NodeApi {
  readonly #known = new Map<ClusterId, Acquaintance>()

  async list(target: NodeApiTarget, namePrefix: string): Promise<readonly ObservedNode[]> {
    const known = this.#knownOf(target)
    const nowMs = performance.now()
    if (known.list === undefined || nowMs - known.list.atMs >= LIST_LIFE_MS) {
      known.list = { atMs: nowMs, nodes: listNodes(known.client) }
    }
    return (await known.list.nodes).filter(({ name }) => name.startsWith(namePrefix))
  }

  async pods(target: NodeApiTarget, node: string): Promise<readonly PodOnNode[]> {
    const options = { fieldSelector: `spec.nodeName=${node}`, timeoutMs: TIMEOUT_MS }
    const { items } = await this.#knownOf(target).client.list<KubePod>(PODS, options)
    return items.map(podOnNode)
  }

  async patch(
    target: NodeApiTarget,
    { name, resourceVersion }: { readonly name: string; readonly resourceVersion: string },
    patch: { readonly metadata?: object },
  ): Promise<void> {
    const known = this.#knownOf(target)
    // Lists such as taints are replaced as a whole: never those that somebody else has just written.
    const guarded = { ...patch, metadata: { ...patch.metadata, resourceVersion } }
    await known.client.mergePatch(NODES, {
      name,
      patch: guarded,
      fieldManager: 'evenkeel-keeper',
      timeoutMs: TIMEOUT_MS,
    })
    known.list = undefined
  }

  async evict(target: NodeApiTarget, { namespace, name, uid }: PodOnNode): Promise<{ readonly refused?: string }> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/eviction`
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      deleteOptions: { preconditions: { uid } },
    }
    try {
      await this.#knownOf(target).client.request(path, { method: 'POST', body, timeoutMs: TIMEOUT_MS })
    } catch (error) {
      const refused = evictionRefusal(error)
      if (refused !== undefined) {
        return { refused }
      }
      if (!isNotFound(error)) {
        throw error
      }
    }
    return {}
  }

  async delete(target: NodeApiTarget, node: string): Promise<void> {
    const known = this.#knownOf(target)
    await known.client.delete(NODES, { name: node, timeoutMs: TIMEOUT_MS })
    known.list = undefined
  }

  forget(id: ClusterId): void {
    this.#known.get(id)?.client.close()
    this.#known.delete(id)
  }

  /** A kept connection, made anew when certificates have changed. */
  #knownOf({ id, endpoint }: NodeApiTarget): Acquaintance {
    const { host, port, serverName, caCertificate, client } = endpoint
    const stamp = [host, port, caCertificate, client?.certificate].join('\n')
    const kept = this.#known.get(id)
    if (kept?.stamp === stamp) {
      return kept
    }
    kept?.client.close()
    const connection = {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      caCertificate,
      tlsServerName: serverName,
      ...(client === undefined ? {} : { clientCertificate: client.certificate, clientKey: client.key }),
    }
    const known = { stamp, client: new KubeClient(connection, { userAgent: 'evenkeel-keeper' }), list: undefined }
    this.#known.set(id, known)
    return known
  }
}

/** From the watch cache of whichever server answers: nothing is asked of etcd. */
async function listNodes(client: KubeClient): Promise<readonly ObservedNode[]> {
  const { items } = await client.listPage<KubeNode>(NODES, { resourceVersion: '0', timeoutMs: TIMEOUT_MS })
  return items.map(observedNode)
}

/**
 * Of a 429 what the server says: `Cannot evict pod as it would violate the pod's disruption budget.`, with the budget's
 * name among the causes (kube-apiserver 1.37, `pkg/registry/core/pod/storage/eviction.go`). Several budgets for one pod
 * are an error of its own there, status 500.
 */
export function evictionRefusal(error: unknown): string | undefined {
  if (!(error instanceof KubeError)) {
    return undefined
  }
  const isSeveral = error.status === 500 && error.message.includes('more than one PodDisruptionBudget')
  if (error.status !== 429 && !isSeveral) {
    return undefined
  }
  const causes = (error.details.causes ?? []).map(({ message }) => message ?? '').filter((message) => message !== '')
  return [error.message, ...causes].join(' ')
}

function observedNode({ metadata, spec, status }: KubeNode): ObservedNode {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const isReady = ready?.status === 'True'
  return {
    name: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    ready: isReady,
    ...(isReady ? {} : { message: ready?.message ?? 'the node has not said whether it is Ready' }),
    unschedulable: spec?.unschedulable === true,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    taints: spec?.taints ?? [],
  }
}

function podOnNode({ metadata, status }: KubePod): PodOnNode {
  const { namespace = '', name, uid = '', annotations = {}, ownerReferences = [], deletionTimestamp } = metadata
  const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  const isDaemon = ownerReferences.some(({ kind }) => kind === 'DaemonSet')
  return {
    namespace,
    name,
    uid,
    // One that has ended on its way out is waited for: its kubelet still has to say that it is gone.
    stays: (hasEnded && deletionTimestamp === undefined) || isDaemon || MIRROR in annotations,
    deleting: deletionTimestamp !== undefined,
  }
}
