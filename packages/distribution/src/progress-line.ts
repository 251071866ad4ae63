import type { ProgressEvent, ProgressUpdate, SourceName } from './progress.ts'
import type { Wanted } from './sources/index.ts'

/** Faster than people read, slow enough to cost nothing. */
const BYTES_EVERY_MS = 100

/** What is told about one set, from the moment it is asked for. */
export class ProgressLine {
  readonly #wanted: Wanted
  readonly #onProgress: ((event: ProgressEvent) => void) | undefined
  readonly #startedMs = performance.now()
  #lastBytesMs = Number.NEGATIVE_INFINITY

  constructor(wanted: Wanted, onProgress: ((event: ProgressEvent) => void) | undefined) {
    this.#wanted = wanted
    this.#onProgress = onProgress
  }

  report(update: ProgressUpdate, source?: SourceName): void {
    const nowMs = performance.now()
    const isWhole = update.doneBytes !== undefined && update.doneBytes === update.totalBytes
    if (update.phase === 'downloading' && !isWhole) {
      if (nowMs - this.#lastBytesMs < BYTES_EVERY_MS) return
      this.#lastBytesMs = nowMs
    }
    const { set, version, programs } = this.#wanted
    const elapsedMs = Math.round(nowMs - this.#startedMs)
    this.#onProgress?.({ set, version, programs, ...update, ...(source === undefined ? {} : { source }), elapsedMs })
  }
}
