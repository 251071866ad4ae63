import { dirname } from 'node:path'
import { type Clock, ensureFolder, type Logger, readFileIfThere, type Timer, writeFileAtomic } from '@evenkeel/kernel'

export interface AccessAnswer {
  readonly isAllowed: boolean
  /** Milliseconds since the epoch. */
  readonly askedAtMs: number
}

export interface AccessMemoryOptions {
  /** Where answers outlive the process; none: they do not. */
  readonly file?: string
  readonly clock: Clock
  readonly log: Logger
}

/** An answer that was not asked for again while the home could be asked for so long is forgotten. */
const KEPT_MS = 24 * 3600_000
const MOST_ANSWERS = 10_000
const WRITE_DELAY_MS = 2000

/** What the home last answered about rights, in memory and on disk, for the time when it cannot be asked. */
export class AccessMemory {
  readonly #options: AccessMemoryOptions
  readonly #answers = new Map<string, AccessAnswer>()
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: AccessMemoryOptions) {
    this.#options = options
  }

  get(key: string): AccessAnswer | undefined {
    return this.#answers.get(key)
  }

  /** An answer is also a sign that the home is there: what is old by now is forgotten. */
  set(key: string, answer: AccessAnswer): void {
    const isNews = this.#answers.get(key)?.isAllowed !== answer.isAllowed
    // The newest last, so that the oldest are the first to go.
    this.#answers.delete(key)
    this.#answers.set(key, answer)
    for (const [oldest, { askedAtMs }] of this.#answers) {
      if (this.#answers.size <= MOST_ANSWERS && answer.askedAtMs - askedAtMs <= KEPT_MS) break
      this.#answers.delete(oldest)
    }
    if (isNews) this.#save()
  }

  /** Reads what an earlier process has kept. */
  async load(): Promise<void> {
    const { file, log } = this.#options
    if (file === undefined) return
    try {
      const text = await readFileIfThere(file)
      if (text === undefined) return
      for (const [key, answer] of JSON.parse(text) as [string, AccessAnswer][]) {
        if (!this.#answers.has(key)) this.#answers.set(key, answer)
      }
    } catch (err) {
      log.warn({ err, file }, 'what the home said about rights cannot be read back: it is asked anew')
    }
  }

  /** Writes what waits to be written. */
  async flush(): Promise<void> {
    if (this.#timer !== undefined) {
      this.#timer.cancel()
      this.#timer = undefined
      this.#writing = this.#writing.then(() => this.#write())
    }
    await this.#writing
  }

  #save(): void {
    if (this.#options.file === undefined) return
    this.#timer ??= this.#options.clock.setTimer(WRITE_DELAY_MS, () => {
      this.#timer = undefined
      this.#writing = this.#writing.then(() => this.#write())
    })
  }

  async #write(): Promise<void> {
    const { file, log } = this.#options
    if (file === undefined) return
    try {
      await ensureFolder(dirname(file))
      await writeFileAtomic(file, JSON.stringify([...this.#answers]))
    } catch (err) {
      log.warn(
        { err, file },
        'what the home said about rights cannot be kept: a start without the home would refuse reads',
      )
    }
  }
}
