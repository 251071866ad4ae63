import type { Elector, Leadership } from '@evenkeel/substrate'

interface Candidate {
  readonly win: () => void
}

/** Who acts, in the order in which they stood. Holders live in one process: one that "dies" is told to `lose`. */
export class SimulatedElector implements Elector {
  readonly #leaders = new Map<string, Leadership>()
  readonly #standing = new Map<string, Candidate[]>()

  campaign(key: string, signal: AbortSignal): Promise<Leadership> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const candidate: Candidate = {
        win: () => {
          signal.removeEventListener('abort', callOff)
          resolve(this.#lead(key))
        },
      }
      const callOff = (): void => {
        const others = (this.#standing.get(key) ?? []).filter((each) => each !== candidate)
        this.#standing.set(key, others)
        reject(signal.reason)
      }
      signal.addEventListener('abort', callOff, { once: true })
      this.#standing.set(key, [...(this.#standing.get(key) ?? []), candidate])
      this.#next(key)
    })
  }

  /** Whoever leads does so no more, without having resigned; the next one leads. */
  async lose(key: string): Promise<void> {
    await this.#leaders.get(key)?.resign()
  }

  #lead(key: string): Leadership {
    const ending = new AbortController()
    const leadership: Leadership = {
      key,
      signal: ending.signal,
      resign: async () => {
        ending.abort(new Error(`the leadership of ${key} has ended`))
        if (this.#leaders.get(key) !== leadership) return
        this.#leaders.delete(key)
        this.#next(key)
      },
    }
    this.#leaders.set(key, leadership)
    return leadership
  }

  #next(key: string): void {
    if (this.#leaders.has(key)) return
    const [first, ...others] = this.#standing.get(key) ?? []
    if (first === undefined) return
    this.#standing.set(key, others)
    first.win()
  }
}
