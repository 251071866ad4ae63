import type { KubeObject } from '@evenkeel/contract/kinds'
import { type Change, type Clock, type Informer, isAsNew, keyOfName, objectKey } from '@evenkeel/kernel'

interface OwnWrite<T> {
  readonly object: T
  /** The write removed the object for good. */
  readonly isGone: boolean
  readonly writtenAtMs: number
}

/** By then a watch has brought a write, or is so far behind that the write tells nothing either. */
const LONGEST_LAG_MS = 10_000

/**
 * What the informer knows, and on top of it what this process wrote and the informer has not seen yet: who creates a
 * cluster and describes it at once finds it.
 */
export class FreshView<T extends KubeObject> {
  readonly #informer: Informer<T>
  readonly #clock: Clock
  readonly #writes = new Map<string, OwnWrite<T>>()

  constructor(informer: Informer<T>, clock: Clock) {
    this.#informer = informer
    this.#clock = clock
    informer.subscribe((change) => this.#drop(change))
  }

  get(namespace: string, name: string): T | undefined {
    const write = this.#ownWrite(keyOfName(namespace, name))
    if (write === undefined) return this.#informer.get(namespace, name)
    return write.isGone ? undefined : write.object
  }

  list(namespace: string): readonly T[] {
    if (this.#writes.size === 0) return this.#informer.list(namespace)
    const byKey = new Map(this.#informer.list(namespace).map((object) => [objectKey(object), object]))
    for (const key of this.#writes.keys()) {
      const write = this.#ownWrite(key)
      if (write === undefined || write.object.metadata.namespace !== namespace) continue
      if (write.isGone) byKey.delete(key)
      else byKey.set(key, write.object)
    }
    return [...byKey.values()]
  }

  /** To be told what the home answered to a write. */
  remember(object: T): void {
    const known = this.#informer.get(object.metadata.namespace, object.metadata.name)
    if (known !== undefined && isAsNew(known, object)) return
    this.#writes.set(objectKey(object), { object, isGone: false, writtenAtMs: this.#clock.now() })
  }

  /** To be told that the home has removed `object`. */
  rememberGone(object: T): void {
    const known = this.#informer.get(object.metadata.namespace, object.metadata.name)
    if (known?.metadata.uid !== object.metadata.uid) return
    this.#writes.set(objectKey(object), { object, isGone: true, writtenAtMs: this.#clock.now() })
  }

  /** Whether anything is known: from the home, or from the mirror of what it said once. */
  isKnown(): boolean {
    return this.#informer.synced !== 'none'
  }

  #ownWrite(key: string): OwnWrite<T> | undefined {
    const write = this.#writes.get(key)
    if (write === undefined) return undefined
    if (this.#clock.now() - write.writtenAtMs <= LONGEST_LAG_MS) return write
    this.#writes.delete(key)
    return undefined
  }

  #drop(change: Change<T>): void {
    const seen = change.type === 'deleted' ? change.old : change.new
    const key = objectKey(seen)
    const write = this.#writes.get(key)
    if (write === undefined) return
    const isSame = seen.metadata.uid === write.object.metadata.uid
    const isCaughtUp = change.type === 'deleted' ? isSame : write.isGone ? !isSame : isAsNew(seen, write.object)
    if (isCaughtUp) this.#writes.delete(key)
  }
}
