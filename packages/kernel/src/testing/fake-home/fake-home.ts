import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeObject } from '@evenkeel/contract/kinds'
import { type JsonPatchOperation, KubeClient, type KubeConnection, type ResourceRef } from '../../kube-client/index.ts'
import { type Route, refuse, resourceId, routeOf, send } from './http-routes.ts'
import { ObjectTable, Refusal, type StoredObject, type WriteTarget } from './object-table.ts'
import { applyJsonPatch, applyMergePatch } from './patches.ts'
import { isSelected } from './selectors.ts'
import { Watchers } from './watchers.ts'

export interface FakeHomeOptions {
  /** Between two bookmarks of a watch; 60 s when not given, as kube-apiserver does. */
  readonly bookmarkMs?: number
  /** Answers SubjectAccessReviews; everything is allowed when not given. */
  readonly authorize?: (question: { readonly user?: string; readonly groups?: readonly string[] } & object) => boolean
}

export interface SeenRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
}

export interface WriteRefusal {
  readonly status: number
  readonly reason: string
  readonly message: string
  readonly retryAfterSeconds?: number
}

/**
 * A Kubernetes API in memory, over real HTTP on loopback, that can be broken on purpose. Knows objects of any kind:
 * list in pages, watch with bookmarks, create, replace, patch, status, delete with finalizers, generations, conflicts.
 * Does not know: schemas, admission, authorization, field ownership (server-side apply merges).
 */
export class FakeHome {
  readonly #table = new ObjectTable()
  readonly #watchers: Watchers
  readonly #options: FakeHomeOptions
  #server: Server | undefined
  #port = 0
  #refusal: WriteRefusal | undefined
  #frozen = false
  /** All that came in, in order. */
  readonly requests: SeenRequest[] = []

  private constructor(options: FakeHomeOptions) {
    this.#options = options
    this.#watchers = new Watchers(this.#table, options.bookmarkMs ?? 60_000)
  }

  /** `await using home = await FakeHome.start()` closes it at the end of the test. */
  static async start(options: FakeHomeOptions = {}): Promise<FakeHome> {
    const home = new FakeHome(options)
    await home.comeBack()
    return home
  }

  get connection(): KubeConnection {
    return { server: `http://127.0.0.1:${this.#port}` }
  }

  client(): KubeClient {
    return new KubeClient(this.connection)
  }

  /** Watches that are open now. */
  get openWatches(): number {
    return this.#watchers.size
  }

  /** Requests that change something. */
  get writes(): readonly SeenRequest[] {
    return this.requests.filter(({ method, path }) => method !== 'GET' && !path.includes('subjectaccessreviews'))
  }

  objects<T extends KubeObject>(resource: ResourceRef, namespace?: string): T[] {
    return this.#table.list(resourceId(resource), namespace) as KubeObject[] as T[]
  }

  /** Every write is answered with this until it is taken back with undefined. */
  refuseWrites(refusal: WriteRefusal | undefined): void {
    this.#refusal = refusal
  }

  dropWatches(): void {
    this.#watchers.drop()
  }

  /** Watches stay open and say nothing, not even bookmarks; what happens meanwhile is never sent. */
  muteWatches(muted: boolean): void {
    this.#watchers.muted = muted
  }

  /** Forgets the history: watches end with 410, and so do those that start from a version of before. */
  expireHistory(): void {
    this.#table.compact()
    this.#watchers.expire()
  }

  /** Connections are accepted and requests never answered (a stopped process), until false. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen
  }

  /** Refuses connections and cuts those that are open. */
  async goAway(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server !== undefined) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    }
  }

  /** Serves again, at the same port, with the objects that it had. */
  async comeBack(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    this.requests.push({ method, path: url, rawHeaders: request.rawHeaders })
    if (this.#frozen) {
      return
    }
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) {
        chunks.push(chunk)
      }
      const text = Buffer.concat(chunks).toString('utf8')
      const { pathname, searchParams } = new URL(url, 'http://home')
      const body: unknown = text === '' ? undefined : JSON.parse(text)
      const contentType = request.headers['content-type'] ?? ''
      this.#answer({ method, path: pathname, query: searchParams, body, contentType, response })
    } catch (error) {
      refuse(response, error)
    }
  }

  #answer(call: {
    method: string
    path: string
    query: URLSearchParams
    body: unknown
    contentType: string
    response: ServerResponse
  }): void {
    const { method, path, query, body, contentType, response } = call
    if (/^\/(livez|readyz|healthz)$/.test(path)) {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
      return
    }
    const route = routeOf(path)
    if (method === 'POST' && route.resource.endsWith('/subjectaccessreviews')) {
      const review = body as { spec: object }
      const allowed = this.#options.authorize?.(review.spec) ?? true
      send(response, 201, { ...review, status: { allowed, reason: allowed ? '' : 'the test says no' } })
      return
    }
    if (method === 'GET') {
      this.#read(route, query, response)
      return
    }
    if (this.#refusal !== undefined) {
      const { status, reason, message, retryAfterSeconds } = this.#refusal
      if (retryAfterSeconds !== undefined) {
        response.setHeader('retry-after', retryAfterSeconds)
      }
      throw new Refusal(status, reason, message)
    }
    const { resource, namespace, subresource } = route
    if (method === 'POST') {
      send(response, 201, this.#table.create(resource, namespace, body as StoredObject))
      return
    }
    const target: WriteTarget = { resource, namespace, subresource, name: route.name ?? '' }
    if (method === 'DELETE') {
      const { preconditions } = (body ?? {}) as { preconditions?: { uid?: string; resourceVersion?: string } }
      send(response, 200, this.#table.delete(target, preconditions))
    } else if (method === 'PUT') {
      send(response, 200, this.#table.update(target, body as StoredObject))
    } else {
      this.#patch(target, { body, contentType, response })
    }
  }

  #patch(target: WriteTarget, call: { body: unknown; contentType: string; response: ServerResponse }): void {
    const { body, contentType, response } = call
    if (contentType.startsWith('application/json-patch')) {
      const old = this.#table.get(target)
      let changed: unknown
      try {
        changed = applyJsonPatch(old, body as JsonPatchOperation[])
      } catch (error) {
        throw new Refusal(422, 'Invalid', error instanceof Error ? error.message : String(error))
      }
      send(response, 200, this.#table.update(target, changed as StoredObject))
      return
    }
    const old = this.#table.find(target)
    if (old === undefined && contentType.startsWith('application/apply-patch') && target.subresource === undefined) {
      send(response, 201, this.#table.create(target.resource, target.namespace, body as StoredObject))
      return
    }
    const base = this.#table.get(target)
    const merged = applyMergePatch(base, body) as StoredObject
    send(response, 200, this.#table.update(target, merged))
  }

  #read(route: Route, query: URLSearchParams, response: ServerResponse): void {
    const { resource, namespace, name, subresource } = route
    if (name !== undefined) {
      send(response, 200, this.#table.get({ resource, namespace, name, subresource }))
      return
    }
    if (query.get('watch') === 'true') {
      this.#watchers.open({ resource, namespace, query, response })
      return
    }
    const [group, version] = resource.split('/')
    const objects = this.#table.list(resource, namespace).filter((object) => isSelected(object, query))
    const token = JSON.parse(query.get('continue') ?? '{"at":0}') as { at: number; version?: number }
    if (token.version !== undefined && token.version < this.#table.compactedVersion) {
      throw new Refusal(410, 'Expired', 'the provided continue parameter is too old')
    }
    const end = token.at + Number(query.get('limit') ?? objects.length)
    const moment = token.version ?? this.#table.version
    send(response, 200, {
      apiVersion: group === '' ? version : `${group}/${version}`,
      kind: `${objects[0]?.kind ?? ''}List`,
      metadata: {
        resourceVersion: String(moment),
        ...(end < objects.length ? { continue: JSON.stringify({ at: end, version: moment }) } : {}),
      },
      items: objects.slice(token.at, end),
    })
  }
}
