import { Agent, request } from 'node:http'

/** A request that only has to be sent: signed already. */
export interface PreparedRequest {
  readonly method: string
  /** Path and query, encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

export interface RateResult {
  readonly requests: number
  /** What went wrong, each with how often. */
  readonly errors: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const TIMEOUT_MS = 10_000

export function keptConnections(most: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: most })
}

/** Sends one request to `origin`, such as `http://127.0.0.1:7443`. Rejects when nobody answers. */
export function send(origin: string, agent: Agent, { method, path, headers, body }: PreparedRequest): Promise<Answer> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const call = request({ host: hostname, port, method, path, headers, agent, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
      response.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)))
    call.on('error', reject)
    call.end(body)
  })
}

/**
 * Sends a request every so often whatever the answers take, and counts from the moment at which each was due: a server
 * that is late for one is late for all that wait behind it (no coordinated omission). Load generators of the registry
 * wait for an answer before they send on, and make up for that with statistics.
 */
export async function sendAtConstantRate(
  origin: string,
  requests: readonly PreparedRequest[],
  { perSecond, signal }: { readonly perSecond: number; readonly signal: AbortSignal },
): Promise<RateResult> {
  const agent = keptConnections(64)
  const latenciesMs: number[] = []
  const errors: Record<string, number> = {}
  const failed = (why: string): void => {
    errors[why] = (errors[why] ?? 0) + 1
  }
  try {
    const startedMs = performance.now()
    const sent: Promise<void>[] = []
    for (const [index, each] of requests.entries()) {
      const dueMs = startedMs + (index * 1000) / perSecond
      const waitMs = dueMs - performance.now()
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      signal.throwIfAborted()
      sent.push(
        send(origin, agent, each).then(
          ({ status }) => {
            latenciesMs.push(performance.now() - dueMs)
            if (status !== 200) failed(`answered with ${status}`)
          },
          (error: Error) => failed(error.message),
        ),
      )
    }
    await Promise.all(sent)
  } finally {
    agent.destroy()
  }
  const sorted = latenciesMs.sort((one, other) => one - other)
  const at = (index: number) => Math.round((sorted[index] ?? Number.NaN) * 10) / 10
  const quantile = (share: number) => at(Math.ceil(sorted.length * share) - 1)
  return {
    requests: requests.length,
    errors,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: at(sorted.length - 1),
  }
}
