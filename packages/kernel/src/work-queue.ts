import { type Clock, systemClock, type Timer } from './clock.ts'

export interface WorkQueueOptions {
  /** How many keys are worked on at once; 4 when not given. */
  readonly concurrency?: number | undefined
  /** First delay of `retry`, doubled for each failure of the key in a row; 250 ms when not given. */
  readonly firstBackoffMs?: number | undefined
  /** 30 s when not given. */
  readonly longestBackoffMs?: number | undefined
  readonly clock?: Clock
  /** From 0 to 1, of the jitter of backoffs; Math.random when not given. */
  readonly random?: (() => number) | undefined
  /** Told how many keys wait to be worked on, whenever that changes. */
  readonly onDepth?: (depth: number) => void
  /** Told of what a handler throws; handlers are to deal with their errors themselves. */
  readonly onError?: (key: string, error: unknown) => void
}

/**
 * Keys that want to be looked at. A key that waits is not added twice, a key is never with two workers, and a key that
 * is added while it is worked on is looked at once more afterwards.
 */
export class WorkQueue<Key extends string = string> {
  readonly #concurrency: number
  readonly #firstBackoffMs: number
  readonly #longestBackoffMs: number
  readonly #clock: Clock
  readonly #options: WorkQueueOptions
  readonly #waiting = new Set<Key>()
  readonly #running = new Map<Key, Promise<void>>()
  /** Added while they run. */
  readonly #again = new Set<Key>()
  readonly #later = new Map<Key, { readonly dueMs: number; readonly timer: Timer }>()
  readonly #failures = new Map<Key, number>()
  #handler: ((key: Key) => Promise<void>) | undefined
  #closed = false

  constructor(options: WorkQueueOptions = {}) {
    this.#options = options
    this.#concurrency = options.concurrency ?? 4
    this.#firstBackoffMs = options.firstBackoffMs ?? 250
    this.#longestBackoffMs = options.longestBackoffMs ?? 30_000
    this.#clock = options.clock ?? systemClock
  }

  /** Keys that wait for a worker; those with a delay are not counted. */
  get depth(): number {
    return this.#waiting.size + this.#again.size
  }

  /** Keys that are worked on now. */
  get running(): number {
    return this.#running.size
  }

  /** Looks at the key as soon as a worker is free. */
  add(key: Key): void {
    if (this.#closed) {
      return
    }
    if (this.#running.has(key)) {
      this.#again.add(key)
    } else {
      this.#waiting.add(key)
    }
    this.#start()
    this.#options.onDepth?.(this.depth)
  }

  /** Looks at the key after a while; of several such wishes the earliest counts, and a turn before that answers it. */
  addAfter(key: Key, delayMs: number): void {
    if (this.#closed) {
      return
    }
    const dueMs = this.#clock.now() + delayMs
    const known = this.#later.get(key)
    if (known !== undefined) {
      if (known.dueMs <= dueMs) {
        return
      }
      known.timer.cancel()
    }
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#later.delete(key)
      this.add(key)
    })
    this.#later.set(key, { dueMs, timer })
  }

  /** Counts a failure of the key and looks at it again after its backoff, which is answered in milliseconds. */
  retry(key: Key): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const fullMs = Math.min(this.#firstBackoffMs * 2 ** Math.min(failures, 30), this.#longestBackoffMs)
    // Jitter, so that what failed together does not come back together.
    const delayMs = Math.round(fullMs * (0.75 + (this.#options.random ?? Math.random)() * 0.25))
    this.addAfter(key, delayMs)
    return delayMs
  }

  /** Failures of the key in a row. */
  failures(key: Key): number {
    return this.#failures.get(key) ?? 0
  }

  /** The key is well: its next failure starts with the first backoff. */
  forget(key: Key): void {
    this.#failures.delete(key)
  }

  /** Works until `signal` is aborted, then waits for the handlers that run; nothing is started after that. */
  async run(handler: (key: Key) => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#handler !== undefined || this.#closed) {
      throw new Error('this work queue runs already or has been shut down: make another one')
    }
    if (!signal.aborted) {
      this.#handler = handler
      this.#start()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    }
    this.#closed = true
    this.#waiting.clear()
    this.#again.clear()
    for (const { timer } of this.#later.values()) {
      timer.cancel()
    }
    this.#later.clear()
    this.#options.onDepth?.(0)
    await Promise.all(this.#running.values())
  }

  #start(): void {
    const handler = this.#handler
    if (handler === undefined) {
      return
    }
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#concurrency || this.#closed) {
        return
      }
      this.#waiting.delete(key)
      this.#later.get(key)?.timer.cancel()
      this.#later.delete(key)
      this.#running.set(key, this.#work(handler, key))
    }
  }

  async #work(handler: (key: Key) => Promise<void>, key: Key): Promise<void> {
    // A turn of its own: `add` returns before the handler begins.
    await Promise.resolve()
    try {
      await handler(key)
    } catch (error) {
      if (this.#options.onError === undefined) {
        throw error
      }
      this.#options.onError(key, error)
    } finally {
      this.#running.delete(key)
      if (this.#again.delete(key) && !this.#closed) {
        this.#waiting.add(key)
      }
      this.#start()
      this.#options.onDepth?.(this.depth)
    }
  }
}
