/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** Time as the code sees it: the system's, or one that a test or a simulation steps. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `callback` once, after `delayMs`. */
  setTimer(delayMs: number, callback: () => void): Timer
  /** Resolves after `delayMs`; rejects with the signal's reason as soon as that is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** `sleep` in terms of `setTimer`, for implementations of Clock. */
export function sleepWith(clock: Pick<Clock, 'setTimer'>, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    function abort() {
      timer.cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** Longest delay that a timer of Node takes; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_DELAY_MS))
    return { cancel: () => clearTimeout(timer) }
  },
  sleep(delayMs, signal) {
    return sleepWith(systemClock, delayMs, signal)
  },
}
