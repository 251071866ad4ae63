import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '@evenkeel/contract/kinds'
import { keyOfName } from '../../informer/index.ts'

export type StoredObject = KubeObject & { spec?: unknown; status?: unknown; [member: string]: unknown }

export interface TableEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: string
  readonly object: StoredObject
  readonly old: StoredObject | undefined
  readonly version: number
}

/** What the API server says no with. */
export class Refusal extends Error {
  readonly status: number
  readonly reason: string
  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

export interface WriteTarget {
  /** `group/version/plural`. */
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string
  readonly subresource?: string | undefined
}

/** Objects, their versions and their history, with the rules that kube-apiserver has for metadata and status. */
export class ObjectTable {
  readonly #resources = new Map<string, Map<string, StoredObject>>()
  readonly #listeners = new Set<(event: TableEvent) => void>()
  history: TableEvent[] = []
  version = 100
  /** Events up to this version are no longer known. */
  compactedVersion = 100

  onEvent(listener: (event: TableEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  list(resource: string, namespace?: string): StoredObject[] {
    const objects = [...(this.#resources.get(resource)?.entries() ?? [])].sort(([one], [other]) =>
      one < other ? -1 : 1,
    )
    return objects
      .map(([, object]) => object)
      .filter((object) => namespace === undefined || object.metadata.namespace === namespace)
  }

  find(target: WriteTarget): StoredObject | undefined {
    return this.#resources.get(target.resource)?.get(keyOfName(target.namespace, target.name))
  }

  get(target: WriteTarget): StoredObject {
    const found = this.find(target)
    if (found === undefined) {
      const [group, , plural] = target.resource.split('/')
      throw new Refusal(404, 'NotFound', `${plural}${group ? `.${group}` : ''} "${target.name}" not found`)
    }
    return found
  }

  create(resource: string, namespace: string | undefined, body: StoredObject): StoredObject {
    const { generateName = '', ...given } = body.metadata as typeof body.metadata & { generateName?: string }
    const name = given.name || generateName + randomUUID().slice(0, 5)
    if (this.find({ resource, namespace, name }) !== undefined) {
      throw new Refusal(409, 'AlreadyExists', `${resource.split('/')[2]} "${name}" already exists`)
    }
    const { status, ...rest } = body
    const hasStatus = hasStatusSubresource(resource)
    const metadata = {
      ...given,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: randomUUID(),
      generation: 1,
      creationTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    }
    return this.#put('ADDED', resource, { ...rest, ...(hasStatus ? {} : { status }), metadata } as StoredObject)
  }

  update(target: WriteTarget, body: StoredObject): StoredObject {
    const old = this.get(target)
    const { resourceVersion, uid } = body.metadata
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      const what = `${target.resource.split('/')[2]} "${target.name}"`
      const why = 'the object has been modified; please apply your changes to the latest version and try again'
      throw new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${what}: ${why}`)
    }
    if (uid !== undefined && uid !== old.metadata.uid) {
      throw new Refusal(409, 'Conflict', `Precondition failed: UID ${uid} is not ${old.metadata.uid}`)
    }
    const isStatus = target.subresource === 'status'
    const merged = isStatus ? { ...old, status: body.status } : { ...body }
    if (!isStatus && hasStatusSubresource(target.resource)) {
      merged.status = old.status
    }
    const kept = { ...old.metadata, ...(isStatus ? {} : changeable(body)) }
    const object: StoredObject = { ...merged, metadata: kept }
    if (!isDeepStrictEqual(contentOf(old), contentOf(object))) {
      kept.generation = (old.metadata.generation ?? 0) + 1
    }
    if (isDeepStrictEqual(plain(old), plain(object))) {
      return old
    }
    if (kept.deletionTimestamp !== undefined && (kept.finalizers ?? []).length === 0) {
      return this.#remove(target.resource, object)
    }
    return this.#put('MODIFIED', target.resource, object)
  }

  delete(target: WriteTarget, preconditions: { uid?: string; resourceVersion?: string } = {}): StoredObject {
    const old = this.get(target)
    for (const field of ['uid', 'resourceVersion'] as const) {
      if (preconditions[field] !== undefined && preconditions[field] !== old.metadata[field]) {
        throw new Refusal(409, 'Conflict', `Precondition failed: ${field} ${preconditions[field]}`)
      }
    }
    if ((old.metadata.finalizers ?? []).length === 0) {
      return this.#remove(target.resource, old)
    }
    if (old.metadata.deletionTimestamp !== undefined) {
      return old
    }
    const deletionTimestamp = new Date().toISOString().replace(/\.\d+/, '')
    const generation = (old.metadata.generation ?? 0) + 1
    return this.#put('MODIFIED', target.resource, {
      ...old,
      metadata: { ...old.metadata, deletionTimestamp, generation },
    })
  }

  /** Forgets the history, as etcd does when it is compacted. */
  compact(): void {
    this.history = []
    this.compactedVersion = this.version
  }

  #put(type: 'ADDED' | 'MODIFIED', resource: string, object: StoredObject): StoredObject {
    const objects = this.#resources.get(resource) ?? new Map<string, StoredObject>()
    this.#resources.set(resource, objects)
    const key = keyOfName(object.metadata.namespace, object.metadata.name)
    const old = objects.get(key)
    const stored = this.#versioned(object)
    objects.set(key, stored)
    this.#record({ type, resource, object: stored, old, version: this.version })
    return stored
  }

  #remove(resource: string, object: StoredObject): StoredObject {
    const objects = this.#resources.get(resource)
    const key = keyOfName(object.metadata.namespace, object.metadata.name)
    const old = objects?.get(key)
    objects?.delete(key)
    const last = this.#versioned(object)
    this.#record({ type: 'DELETED', resource, object: last, old, version: this.version })
    return last
  }

  #versioned(object: StoredObject): StoredObject {
    this.version += 1
    return plain({ ...object, metadata: { ...object.metadata, resourceVersion: String(this.version) } })
  }

  #record(event: TableEvent): void {
    this.history.push(event)
    for (const listener of this.#listeners) {
      listener(event)
    }
  }
}

/** Kinds of groups with a dot are custom or of the newer built-in groups: all those that we watch have the subresource. */
function hasStatusSubresource(resource: string): boolean {
  return resource.split('/')[0]?.includes('.') ?? false
}

/** What a change of makes another generation. */
function contentOf(object: StoredObject): unknown {
  const { metadata: _metadata, status: _status, ...content } = object
  return plain(content)
}

/** The metadata that writers may change. */
function changeable(body: StoredObject) {
  const { labels, annotations, finalizers } = body.metadata
  return { labels, annotations, finalizers }
}

/** As it comes out of JSON: without members that are undefined. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
