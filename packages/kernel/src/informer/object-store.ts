import type { KubeObject } from '@evenkeel/contract/kinds'

/** `namespace/name`, or the name alone outside of namespaces: the key that informers and work queues share. */
export function objectKey(object: KubeObject): string {
  return keyOfName(object.metadata.namespace, object.metadata.name)
}

export function keyOfName(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}

export interface ObjectName {
  readonly namespace: string | undefined
  readonly name: string
}

/**
 * Whether `seen` is the state of an object that `written` is, or a later one. Resource versions of one kind are ordered
 * numbers (officially so since Kubernetes 1.35).
 */
export function isAsNew(seen: KubeObject, written: KubeObject): boolean {
  return BigInt(seen.metadata.resourceVersion ?? 0) >= BigInt(written.metadata.resourceVersion ?? 0)
}

/** What `objectKey` was made of. */
export function splitKey(key: string): ObjectName {
  const slash = key.indexOf('/')
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

export type Change<T> =
  | { readonly type: 'added'; readonly new: T; readonly old?: undefined }
  | { readonly type: 'updated'; readonly old: T; readonly new: T }
  /** `old` is what was last seen of it. */
  | { readonly type: 'deleted'; readonly old: T; readonly new?: undefined }

type KeysOf<T> = (object: T) => readonly string[] | string | undefined

/** Objects of one kind by key, by namespace and by whatever indexes were asked for. Objects are frozen. */
export class ObjectStore<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #namespaces = new Map<string, Set<string>>()
  readonly #indexes = new Map<string, { readonly keysOf: KeysOf<T>; readonly entries: Map<string, Set<string>> }>()

  get size(): number {
    return this.#objects.size
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  keys(): string[] {
    return [...this.#objects.keys()]
  }

  list(namespace?: string): T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.#these(this.#namespaces.get(namespace))
  }

  addIndex(name: string, keysOf: KeysOf<T>): void {
    if (this.#indexes.has(name)) {
      throw new Error(`index "${name}" exists already: choose another name`)
    }
    const entries = new Map<string, Set<string>>()
    this.#indexes.set(name, { keysOf, entries })
    for (const [key, object] of this.#objects) {
      link(entries, keysOf(object), key)
    }
  }

  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name)
    if (index === undefined) {
      throw new Error(`there is no index "${name}": add it with index() first`)
    }
    return this.#these(index.entries.get(value))
  }

  /** Undefined where nothing changed: the same resource version. */
  put(object: T): Change<T> | undefined {
    const key = objectKey(object)
    const old = this.#objects.get(key)
    if (old !== undefined && isSameVersion(old, object)) {
      return undefined
    }
    if (old !== undefined) {
      this.#unlink(key, old)
    }
    const kept = freezeDeep(object)
    this.#objects.set(key, kept)
    link(this.#namespaces, kept.metadata.namespace, key)
    for (const { keysOf, entries } of this.#indexes.values()) {
      link(entries, keysOf(kept), key)
    }
    return old === undefined ? { type: 'added', new: kept } : { type: 'updated', old, new: kept }
  }

  delete(key: string): Change<T> | undefined {
    const old = this.#objects.get(key)
    if (old === undefined) {
      return undefined
    }
    this.#unlink(key, old)
    this.#objects.delete(key)
    return { type: 'deleted', old }
  }

  #unlink(key: string, object: T): void {
    unlink(this.#namespaces, object.metadata.namespace, key)
    for (const { keysOf, entries } of this.#indexes.values()) {
      unlink(entries, keysOf(object), key)
    }
  }

  #these(keys: ReadonlySet<string> | undefined): T[] {
    const found: T[] = []
    for (const key of keys ?? []) {
      const object = this.#objects.get(key)
      if (object !== undefined) {
        found.push(object)
      }
    }
    return found
  }
}

function isSameVersion(one: KubeObject, other: KubeObject): boolean {
  const version = one.metadata.resourceVersion
  return version !== undefined && version === other.metadata.resourceVersion && one.metadata.uid === other.metadata.uid
}

function asList(values: readonly string[] | string | undefined): readonly string[] {
  return values === undefined ? [] : typeof values === 'string' ? [values] : values
}

function link(entries: Map<string, Set<string>>, values: readonly string[] | string | undefined, key: string): void {
  for (const value of asList(values)) {
    const keys = entries.get(value)
    if (keys === undefined) {
      entries.set(value, new Set([key]))
    } else {
      keys.add(key)
    }
  }
}

function unlink(entries: Map<string, Set<string>>, values: readonly string[] | string | undefined, key: string): void {
  for (const value of asList(values)) {
    const keys = entries.get(value)
    if (keys?.delete(key) && keys.size === 0) {
      entries.delete(value)
    }
  }
}

function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) {
      freezeDeep(member)
    }
  }
  return value
}
