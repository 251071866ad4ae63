import type { KubeObject } from '@evenkeel/contract/kinds'
import { type Clock, systemClock } from '../clock.ts'
import {
  isExpired,
  type KubeClient,
  KubeConnectionError,
  KubeconfigAbsentError,
  type ResourceRef,
} from '../kube-client/index.ts'
import { type Logger, silentLogger } from '../log.ts'
import { Mirror } from './mirror.ts'
import { type Change, keyOfName, ObjectStore, objectKey } from './object-store.ts'
import { type Synced, SyncGate } from './sync-gate.ts'

export interface InformerOptions {
  readonly client: KubeClient
  readonly resource: ResourceRef
  /** All namespaces when not given. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** A copy on disk, read at start and kept up to date. It holds whole objects, secrets too. */
  readonly mirrorFile?: string
  readonly log?: Logger
  readonly clock?: Clock
  /** When the server ends a watch by itself; 300 s when not given. */
  readonly watchTimeoutSeconds?: number
  /** A watch that says nothing for so long is started anew; 90 s when not given (bookmarks come every minute). */
  readonly idleTimeoutMs?: number
  /**
   * First wait after an error, doubled up to `longestBackoffMs`; 100 ms and 1 s when not given. Whoever waits for a home
   * that starts, or is back, waits for this on top; a few requests a second bother nobody.
   */
  readonly firstBackoffMs?: number
  readonly longestBackoffMs?: number
  readonly mirrorDelayMs?: number
}

/** A watch shorter than this counts as a failure, so that a server that ends each one at once is not stormed. */
const SHORT_WATCH_MS = 1000

/**
 * Knows all objects of a kind without asking each time: lists, then watches, for ever. After any error it starts again
 * by itself; what it knows stays readable meanwhile.
 */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions
  readonly #store = new ObjectStore<T>()
  readonly #clock: Clock
  readonly #log: Logger
  readonly #mirror: Mirror<T> | undefined
  readonly #listeners = new Set<(change: Change<T>) => void>()
  readonly #gate = new SyncGate()
  #resourceVersion: string | undefined
  #failures = 0
  #openedMs: number | undefined
  #staleSinceMs: number | undefined
  #lastContactMs: number | undefined

  constructor(options: InformerOptions) {
    const { group, version, plural } = options.resource
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = (options.log ?? silentLogger).child({ resource: plural })
    this.#staleSinceMs = this.#clock.now()
    if (options.mirrorFile !== undefined) {
      this.#mirror = new Mirror<T>({
        file: options.mirrorFile,
        contents: [group, version, plural, options.namespace, options.labelSelector, options.fieldSelector].join('/'),
        clock: this.#clock,
        log: this.#log,
        snapshot: () => this.#store.list(),
        delayMs: options.mirrorDelayMs ?? 1000,
      })
    }
  }

  get synced(): Synced {
    return this.#gate.synced
  }

  /** Frozen: copy before you change it. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#store.get(keyOfName(namespace, name))
  }

  /** By `objectKey`. */
  getByKey(key: string): T | undefined {
    return this.#store.get(key)
  }

  list(namespace?: string): readonly T[] {
    return this.#store.list(namespace)
  }

  /** Makes `byIndex(name, value)` answer; `keysOf` says under which values an object is found. */
  index(name: string, keysOf: (object: T) => readonly string[] | string | undefined): void {
    this.#store.addIndex(name, keysOf)
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#store.byIndex(name, value)
  }

  /** Told of every change from now on, what the mirror brings included. Answers how to end that. */
  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether what is known may be out of date: nothing listed yet, or no watch runs. */
  isStale(): boolean {
    return this.#staleSinceMs !== undefined
  }

  /** Since when (milliseconds since the epoch), undefined when it is not stale. */
  staleSince(): number | undefined {
    return this.#staleSinceMs
  }

  /** Resolves when all objects are known: from the API server, or (`atLeast: 'mirror'`) from the copy on disk. */
  async waitForSync(signal: AbortSignal, options: { readonly atLeast?: 'mirror' | 'live' } = {}): Promise<void> {
    await this.#gate.wait(signal, options.atLeast ?? 'live')
  }

  /** Keeps itself up to date until `signal` is aborted. Resolves then, with the mirror written. */
  async run(signal: AbortSignal): Promise<void> {
    const copy = await this.#mirror?.load()
    if (copy !== undefined) {
      for (const object of copy.items) {
        this.#put(object)
      }
      this.#staleSinceMs = copy.savedAtMs
      this.#gate.reach('mirror')
    }
    while (!signal.aborted) {
      this.#openedMs = undefined
      let failure: unknown
      try {
        await this.#listAndWatch(signal)
      } catch (error) {
        failure = error
      }
      if (!signal.aborted) {
        await this.#recover(failure, signal)
      }
    }
    await this.#mirror?.flush()
  }

  async #listAndWatch(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options
    if (this.#resourceVersion === undefined) {
      const { items, resourceVersion } = await client.list<T>(resource, {
        namespace,
        labelSelector,
        fieldSelector,
        signal,
        timeoutMs: 30_000,
      })
      this.#replaceAll(items)
      this.#resourceVersion = resourceVersion
      this.#lastContactMs = this.#clock.now()
      this.#gate.reach('live')
    }
    const events = client.watch<T>(resource, {
      namespace,
      labelSelector,
      fieldSelector,
      signal,
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: this.#options.watchTimeoutSeconds,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      onOpen: () => {
        this.#openedMs = this.#clock.now()
        this.#contact()
      },
    })
    for await (const event of events) {
      this.#contact()
      this.#failures = 0
      if (event.type === 'BOOKMARK') {
        this.#resourceVersion = event.resourceVersion
        continue
      }
      this.#resourceVersion = event.object.metadata.resourceVersion
      if (event.type === 'DELETED') {
        this.#delete(objectKey(event.object))
      } else {
        this.#put(event.object)
      }
      this.#mirror?.save()
    }
  }

  #replaceAll(items: readonly T[]): void {
    const gone = new Set(this.#store.keys())
    for (const object of items) {
      gone.delete(objectKey(object))
      this.#put(object)
    }
    for (const key of gone) {
      this.#delete(key)
    }
    this.#mirror?.save()
  }

  #put(object: T): void {
    const key = objectKey(object)
    const known = this.#store.get(key)
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) {
      // Deleted and made again between two looks: another object, though of the same name.
      this.#delete(key)
    }
    this.#tell(this.#store.put(object))
  }

  #delete(key: string): void {
    this.#tell(this.#store.delete(key))
  }

  /** Decides how to go on after the list or watch ended: in order (no `failure`) or not. */
  async #recover(failure: unknown, signal: AbortSignal): Promise<void> {
    const wasLong = this.#openedMs !== undefined && this.#clock.now() - this.#openedMs >= SHORT_WATCH_MS
    if (wasLong) {
      this.#failures = 0
      if (failure === undefined) {
        return
      }
    }
    if (isExpired(failure)) {
      this.#log.info('the API server no longer knows the version that we watched from: listing anew')
      this.#resourceVersion = undefined
    } else if (failure !== undefined) {
      this.#staleSinceMs ??= this.#lastContactMs ?? this.#clock.now()
      // Once for each outage, not for each attempt.
      if (this.#failures === 0 && failure instanceof KubeconfigAbsentError) {
        this.#log.info({ reason: failure.message }, 'waiting for the API server to be made')
      } else if (this.#failures === 0) {
        // The stack of a server that does not answer says nothing.
        const cause = failure instanceof KubeConnectionError ? { reason: failure.message } : { err: failure }
        this.#log.warn(cause, 'list or watch failed: what is known stays in use, and it is tried again')
      } else {
        this.#log.debug({ err: failure, failures: this.#failures }, 'list or watch failed again')
        // The server was away: it may have come back from a backup, where our version is one of the future.
        this.#resourceVersion = undefined
      }
    }
    const { firstBackoffMs = 100, longestBackoffMs = 1000 } = this.#options
    const fullMs = Math.min(firstBackoffMs * 2 ** Math.min(this.#failures, 20), longestBackoffMs)
    this.#failures += 1
    // An abort ends the wait; the loop of `run` sees it.
    await this.#clock.sleep(fullMs * (0.5 + Math.random() * 0.5), signal).catch(() => {})
  }

  #contact(): void {
    if (this.#failures > 0 && this.#staleSinceMs !== undefined) {
      this.#log.info({ failures: this.#failures }, 'list and watch work again')
    }
    this.#lastContactMs = this.#clock.now()
    this.#staleSinceMs = undefined
  }

  #tell(change: Change<T> | undefined): void {
    if (change === undefined) {
      return
    }
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (err) {
        const { namespace, name } = (change.type === 'deleted' ? change.old : change.new).metadata
        this.#log.error({ err, object: keyOfName(namespace, name) }, 'a listener of the informer failed')
      }
    }
  }
}
