/**
 * Does all tasks at once. The first that fails stops the others, and is thrown when all have come to rest, so that
 * nothing goes on behind the caller's back.
 */
export async function allOrNone<T>(
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  let failure: { readonly error: unknown } | undefined
  const results = await Promise.all(
    tasks.map(async (task) => {
      try {
        return { value: await task(both) }
      } catch (error) {
        failure ??= { error }
        stop.abort(error)
        return undefined
      }
    }),
  )
  signal.throwIfAborted()
  if (failure !== undefined) throw failure.error
  return results.flatMap((result) => (result === undefined ? [] : [result.value]))
}
