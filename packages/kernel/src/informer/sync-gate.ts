/** `none`: knows nothing yet. `mirror`: what the copy on disk said. `live`: has listed from the API server. */
export type Synced = 'none' | 'mirror' | 'live'

/** How far an informer has come, and who waits for it. */
export class SyncGate {
  #synced: Synced = 'none'
  readonly #waiting = new Set<() => void>()

  get synced(): Synced {
    return this.#synced
  }

  reach(synced: Synced): void {
    this.#synced = synced
    for (const wake of this.#waiting) {
      wake()
    }
  }

  /** Resolves once it is as far as `atLeast`; rejects with the signal's reason. */
  async wait(signal: AbortSignal, atLeast: 'mirror' | 'live'): Promise<void> {
    const enough: readonly Synced[] = atLeast === 'mirror' ? ['mirror', 'live'] : ['live']
    while (!enough.includes(this.#synced)) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.#waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }
}
