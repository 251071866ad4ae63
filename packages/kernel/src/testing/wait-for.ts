export interface WaitOptions {
  /** 10 s when not given. */
  readonly deadlineMs?: number
  /** What is waited for, as the end of "waited 10000 ms for ...". */
  readonly what: string
  /** Between two looks; 20 ms when not given. */
  readonly intervalMs?: number
}

/**
 * Resolves with the first value of `condition` that is not false, null or undefined. What `condition` throws counts as
 * not yet, and is the cause of the error at the deadline.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const { deadlineMs = 10_000, what, intervalMs = 20 } = options
  const started = performance.now()
  for (;;) {
    let cause: unknown
    try {
      const value = await condition()
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>
      }
    } catch (error) {
      cause = error
    }
    if (performance.now() - started > deadlineMs) {
      const last = cause instanceof Error ? `: ${cause.message}` : ''
      throw new Error(`waited ${deadlineMs} ms for ${what}${last}`, { cause })
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
}
