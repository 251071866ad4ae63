import { dirname } from 'node:path'
import type { KubeObject } from '@evenkeel/contract/kinds'
import type { Clock, Timer } from '../clock.ts'
import { ensureFolder, readFileIfThere, writeFileAtomic } from '../files.ts'
import type { Logger } from '../log.ts'

export interface MirrorOptions<T> {
  /** Made with mode 0600 in a folder of mode 0700. */
  readonly file: string
  /** What the file holds, such as `evenkeel.dev/v1alpha1/clusters`: a file of something else is not read. */
  readonly contents: string
  readonly clock: Clock
  readonly log: Logger
  /** What is to be kept. */
  readonly snapshot: () => readonly T[]
  /** How long changes are gathered before they are written. */
  readonly delayMs: number
}

interface MirrorFile<T> {
  readonly contents: string
  /** RFC 3339. */
  readonly savedAt: string
  readonly items: readonly T[]
}

/**
 * A copy on disk of what an informer knows, for a start while the API server is dead. A cache: not forced to disk, and
 * a copy that cannot be read or written is logged and done without.
 */
export class Mirror<T extends KubeObject> {
  readonly #options: MirrorOptions<T>
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: MirrorOptions<T>) {
    this.#options = options
  }

  async load(): Promise<{ readonly items: readonly T[]; readonly savedAtMs: number } | undefined> {
    const { file, contents, log } = this.#options
    try {
      const text = await readFileIfThere(file)
      if (text === undefined) {
        return undefined
      }
      const copy = JSON.parse(text) as MirrorFile<T>
      if (copy.contents !== contents || !Array.isArray(copy.items)) {
        throw new Error(`it holds ${copy.contents}, not ${contents}`)
      }
      return { items: copy.items, savedAtMs: Date.parse(copy.savedAt) }
    } catch (err) {
      log.warn(
        { err, file },
        'the mirror on disk cannot be read and is ignored: it is written anew after the next list',
      )
      return undefined
    }
  }

  /** To be called after each change. */
  save(): void {
    const { clock, delayMs } = this.#options
    this.#timer ??= clock.setTimer(delayMs, () => {
      this.#timer = undefined
      this.#writing = this.#writing.then(() => this.#write())
    })
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

  async #write(): Promise<void> {
    const { file, contents, clock, log, snapshot } = this.#options
    const copy: MirrorFile<T> = { contents, savedAt: new Date(clock.now()).toISOString(), items: snapshot() }
    try {
      await ensureFolder(dirname(file))
      await writeFileAtomic(file, JSON.stringify(copy))
    } catch (err) {
      log.warn(
        { err, file },
        'the mirror on disk cannot be written: a start without the API server would see an older one',
      )
    }
  }
}
