import { type Clock, sleepWith, type Timer } from '../clock.ts'

interface PendingTimer {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

/** A clock that stands still until it is advanced. */
export class FakeClock implements Clock {
  #nowMs: number
  #order = 0
  readonly #timers = new Set<PendingTimer>()

  constructor(startMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    this.#order += 1
    const timer = { dueMs: this.#nowMs + Math.max(delayMs, 0), order: this.#order, callback }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepWith(this, delayMs, signal)
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** When the next timer is due (milliseconds since the epoch), if any waits. */
  get nextDueMs(): number | undefined {
    return this.#next()?.dueMs
  }

  /** Moves time on, firing what is due in order and letting promises run after each. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let timer = this.#next(); timer !== undefined && timer.dueMs <= endMs; timer = this.#next()) {
      this.#timers.delete(timer)
      this.#nowMs = timer.dueMs
      timer.callback()
      await settle()
    }
    this.#nowMs = endMs
  }

  #next(): PendingTimer | undefined {
    let first: PendingTimer | undefined
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      ) {
        first = timer
      }
    }
    return first
  }
}

/** Lets all promises that can go on go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
