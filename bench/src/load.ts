import { randomBytes } from 'node:crypto'
import { Agent } from 'node:https'
import { type Address, ask } from './requests.ts'

export interface LoadOptions {
  readonly requestsPerSecond: number
  readonly seconds: number
  readonly signal: AbortSignal
}

export interface LoadResult {
  readonly requests: number
  /** What went wrong, each with how often. */
  readonly errors: Readonly<Record<string, number>>
  /** From the moment at which a request was due, so that a server that is late cannot hide it. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const NAMESPACE = 'load'
const OBJECTS = 50
const CONNECTIONS = 16
const WATCHES = 10

/** What the requests go to: objects of a few hundred bytes in a namespace of their own, and watches on them. */
function configMap(name: string, revision: number): object {
  const data = { revision: String(revision), text: 'x'.repeat(400) }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE }, data }
}

const COLLECTION = `/api/v1/namespaces/${NAMESPACE}/configmaps`

/** A request deletes what another created so many requests before: long enough ago to be there. */
const LIFETIME = 105

/** Of ten requests five read one object, two list, one creates, one updates and one deletes what was created. */
function questionAt(
  index: number,
  run: string,
): { readonly path: string; readonly method: string; readonly body?: object } {
  const object = `object-${index % OBJECTS}`
  switch (index % 10) {
    case 2:
    case 7:
      return { method: 'GET', path: `${COLLECTION}?limit=${OBJECTS}` }
    case 3:
      return { method: 'POST', path: COLLECTION, body: configMap(`passing-${run}-${index}`, index) }
    case 5:
      return { method: 'PUT', path: `${COLLECTION}/${object}`, body: configMap(object, index) }
    case 8:
      return index < LIFETIME
        ? { method: 'GET', path: `${COLLECTION}/${object}` }
        : { method: 'DELETE', path: `${COLLECTION}/passing-${run}-${index - LIFETIME}` }
    default:
      return { method: 'GET', path: `${COLLECTION}/${object}` }
  }
}

/** Makes the namespace and its objects. May be repeated. */
export async function prepareLoad(at: Address): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  try {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }
    requireStatus(await ask(at, '/api/v1/namespaces', { body: namespace, agent }))
    const names = Array.from({ length: OBJECTS }, (_, index) => `object-${index}`)
    for (const name of names) requireStatus(await ask(at, COLLECTION, { body: configMap(name, 0), agent }))
  } finally {
    agent.destroy()
  }
}

function requireStatus({ status, body }: { readonly status: number; readonly body: string }): void {
  if (status !== 201 && status !== 409) throw new Error(`answered ${status}: ${body.slice(0, 200)}`)
}

/** Asks at a constant rate whatever the answers take, while some clients watch. */
export async function runLoad(at: Address, options: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const watchers = new Agent({ keepAlive: true, maxSockets: WATCHES })
  const { requestsPerSecond, seconds, signal } = options
  const total = requestsPerSecond * seconds
  const latenciesMs: number[] = []
  const errors: Record<string, number> = {}
  const failed = (why: string): void => {
    errors[why] = (errors[why] ?? 0) + 1
  }
  const run = randomBytes(3).toString('hex')
  try {
    const watched = Array.from({ length: WATCHES }, () =>
      ask(at, `${COLLECTION}?watch=1&timeoutSeconds=${seconds}`, { agent: watchers, timeoutMs: (seconds + 10) * 1000 }),
    )
    const startedMs = performance.now()
    const asked: Promise<void>[] = []
    for (let index = 0; index < total; index += 1) {
      const dueMs = startedMs + (index * 1000) / requestsPerSecond
      const waitMs = dueMs - performance.now()
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      signal.throwIfAborted()
      const { path, ...question } = questionAt(index, run)
      asked.push(
        ask(at, path, { ...question, agent }).then(
          ({ status }) => {
            latenciesMs.push(performance.now() - dueMs)
            if (status >= 300) failed(`${question.method} was answered with ${status}`)
          },
          (error: Error) => failed(`${question.method}: ${error.message}`),
        ),
      )
    }
    await Promise.all(asked)
    for (const watch of await Promise.allSettled(watched)) {
      if (watch.status === 'rejected') failed(`a watch: ${watch.reason}`)
      else if (watch.value.status !== 200) failed(`a watch was answered with ${watch.value.status}`)
    }
  } finally {
    agent.destroy()
    watchers.destroy()
  }
  const sorted = latenciesMs.sort((one, other) => one - other)
  const quantile = (share: number) => Math.round((sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN) * 10) / 10
  return { requests: total, errors, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}
