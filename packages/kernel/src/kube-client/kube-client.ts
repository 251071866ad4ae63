import type { KubeObject } from '@evenkeel/contract/kinds'
import type { KubeConnection } from './connection.ts'
import { isExpired, kubeErrorFrom } from './errors.ts'
import {
  type ApplyOptions,
  type DeleteOptions,
  impersonationHeaders,
  type JsonPatchOperation,
  type ListOptions,
  type ListPageOptions,
  type ObjectList,
  type ObjectOptions,
  type ObjectPage,
  type PatchOptions,
  type RawRequestOptions,
  targetOf,
  type WatchOptions,
  type WriteOptions,
  withQuery,
} from './requests.ts'
import { type ResourceRef, resourcePath } from './resources.ts'
import type { TransportAnswer, TransportRequest } from './transport.ts'
import { TransportSource } from './transport-source.ts'
import { type WatchEvent, watchEvents } from './watch-stream.ts'

export interface KubeClientOptions {
  /** Shown in audit logs; `evenkeel` when not given. */
  readonly userAgent?: string
  /** Told when a changed kubeconfig cannot be read; the client goes on with what it had and looks again. */
  readonly onReloadError?: (error: unknown) => void
}

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_PAGE_SIZE = 500
/**
 * A thin client of one Kubernetes API. Throws KubeError for what the server refuses and KubeConnectionError where there
 * is no answer. Reads are sent a second time when an idle connection turns out to be closed; writes never are.
 */
export class KubeClient {
  readonly #userAgent: string
  readonly #transports: TransportSource

  /** From a connection, or from the path of a kubeconfig file, which is read at first use and again when it changes. */
  constructor(source: KubeConnection | { readonly kubeconfig: string }, options: KubeClientOptions = {}) {
    this.#userAgent = options.userAgent ?? 'evenkeel'
    this.#transports = new TransportSource(source, options.onReloadError ?? (() => {}))
  }

  async get<T extends KubeObject = KubeObject>(resource: ResourceRef, options: ObjectOptions): Promise<T> {
    return (await this.request(resourcePath(resource, options), options)) as T
  }

  /** All objects, page by page, as they were at one moment. */
  async list<T extends KubeObject = KubeObject>(
    resource: ResourceRef,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const { pageSize = DEFAULT_PAGE_SIZE, ...select } = options
    const items: T[] = []
    let page = await this.listPage<T>(resource, { ...select, limit: pageSize })
    items.push(...page.items)
    while (page.continue !== undefined) {
      try {
        page = await this.listPage<T>(resource, { ...select, limit: pageSize, continue: page.continue })
      } catch (error) {
        if (!isExpired(error)) {
          throw error
        }
        // The moment that the pages were taken from is compacted away: ask for everything in one piece.
        return await this.listPage<T>(resource, select)
      }
      items.push(...page.items)
    }
    return { items, resourceVersion: page.resourceVersion }
  }

  async listPage<T extends KubeObject = KubeObject>(
    resource: ResourceRef,
    options: ListPageOptions = {},
  ): Promise<ObjectPage<T>> {
    const { labelSelector, fieldSelector, limit, resourceVersion } = options
    const query = { labelSelector, fieldSelector, limit, resourceVersion, continue: options.continue }
    const list = (await this.request(resourcePath(resource, options), { ...options, query })) as RawList<T>
    const { kind = '', apiVersion = '' } = list
    // Objects in a list of a built-in kind do not carry their kind.
    const type = { apiVersion, kind: kind.replace(/List$/, '') }
    const items = (list.items ?? []).map((item) => (item.kind === undefined ? { ...type, ...item } : item))
    const page = { items, resourceVersion: list.metadata?.resourceVersion ?? '' }
    return list.metadata?.continue ? { ...page, continue: list.metadata.continue } : page
  }

  /** The namespace is that of `object`. */
  async create<T extends KubeObject>(resource: ResourceRef, object: T, options: WriteOptions = {}): Promise<T> {
    const { name, namespace, subresource } = targetOf(object, options.subresource)
    const path = resourcePath(resource, { namespace, ...(subresource === undefined ? {} : { name, subresource }) })
    const query = { fieldManager: options.fieldManager }
    return (await this.request(path, { ...options, method: 'POST', query, body: object })) as T
  }

  /** Refused with a conflict when `object.metadata.resourceVersion` is given and no longer the newest. */
  async replace<T extends KubeObject>(resource: ResourceRef, object: T, options: WriteOptions = {}): Promise<T> {
    const path = resourcePath(resource, targetOf(object, options.subresource))
    const query = { fieldManager: options.fieldManager }
    return (await this.request(path, { ...options, method: 'PUT', query, body: object })) as T
  }

  /** Asks for the deletion; finalizers may hold the object for longer. */
  async delete(resource: ResourceRef, options: DeleteOptions): Promise<void> {
    const { preconditions, propagationPolicy, gracePeriodSeconds } = options
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds }
    await this.request(resourcePath(resource, options), { ...options, method: 'DELETE', body })
  }

  /** JSON merge patch (RFC 7386): null removes a member, lists are replaced as a whole. */
  async mergePatch<T extends KubeObject = KubeObject>(
    resource: ResourceRef,
    options: PatchOptions & { readonly patch: Readonly<Record<string, unknown>> },
  ): Promise<T> {
    return (await this.#patch(resource, options, 'application/merge-patch+json')) as T
  }

  /** JSON patch (RFC 6902); a `test` that fails is refused as invalid. */
  async jsonPatch<T extends KubeObject = KubeObject>(
    resource: ResourceRef,
    options: PatchOptions & { readonly patch: readonly JsonPatchOperation[] },
  ): Promise<T> {
    return (await this.#patch(resource, options, 'application/json-patch+json')) as T
  }

  /** Server-side apply: makes `object`, or brings the fields that it names to what it says. */
  async apply<T extends KubeObject>(resource: ResourceRef, object: T, options: ApplyOptions): Promise<T> {
    const { fieldManager, force } = options
    return (await this.request(resourcePath(resource, targetOf(object, options.subresource)), {
      ...options,
      method: 'PATCH',
      query: { fieldManager, force },
      body: object,
      contentType: 'application/apply-patch+yaml',
    })) as T
  }

  /**
   * What happens to objects after `resourceVersion`. Ends when the server ends it; throws as `watchEvents` says, and
   * KubeError 410 when the version is too old.
   */
  async *watch<T extends KubeObject = KubeObject>(
    resource: ResourceRef,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { labelSelector, fieldSelector, resourceVersion, timeoutSeconds = 300 } = options
    const path = withQuery(resourcePath(resource, options), {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      timeoutSeconds,
      labelSelector,
      fieldSelector,
    })
    const answer = await this.#send({ ...requestOf(options), method: 'GET', path, stream: true })
    options.onOpen?.()
    yield* watchEvents<T>(answer.stream, {
      signal: options.signal,
      idleTimeoutMs: options.idleTimeoutMs ?? 90_000,
      request: `GET ${path}`,
    })
  }

  /** Any request: the parsed answer, or its text where it is not JSON (`/readyz`). */
  async request(path: string, options: RawRequestOptions = {}): Promise<unknown> {
    const { method = 'GET', query, body, contentType = 'application/json' } = options
    const sent = requestOf(options)
    const answer = await this.#send({
      ...sent,
      method,
      path: withQuery(path, query),
      headers: body === undefined ? sent.headers : { ...sent.headers, 'content-type': contentType },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    return answer.headers['content-type']?.startsWith('application/json') ? JSON.parse(answer.body) : answer.body
  }

  /** Lets go of idle connections; those in use end with their requests. */
  close(): void {
    this.#transports.close()
  }

  async #patch(
    resource: ResourceRef,
    options: PatchOptions & { readonly patch: unknown },
    contentType: string,
  ): Promise<unknown> {
    const { patch, fieldManager } = options
    const path = resourcePath(resource, options)
    return await this.request(path, { ...options, method: 'PATCH', query: { fieldManager }, body: patch, contentType })
  }

  async #send(request: TransportRequest): Promise<TransportAnswer> {
    const transport = await this.#transports.current()
    const answer = await transport.send({
      ...request,
      headers: { accept: 'application/json', 'user-agent': this.#userAgent, ...request.headers },
    })
    if (answer.status >= 300) {
      throw kubeErrorFrom({
        status: answer.status,
        body: answer.body,
        retryAfterHeader: answer.headers['retry-after'],
        request: `${request.method} ${request.path}`,
      })
    }
    return answer
  }
}

interface RawList<T> {
  readonly kind?: string
  readonly apiVersion?: string
  readonly items?: readonly T[] | null
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
}

function requestOf(options: RawRequestOptions | WatchOptions) {
  return {
    headers: impersonationHeaders(options.impersonate),
    signal: options.signal,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  }
}
