import { Agent, request } from 'node:https'

export interface SteadyClientOptions {
  /** `https://host:port` of a cluster's endpoint. */
  readonly endpoint: string
  /** PEM. */
  readonly ca: string
  readonly token: string
}

/**
 * Asks a cluster all the time, as its clients do: reads and writes, each over a connection that it keeps and over a new
 * one. It sends again only what every client of Kubernetes does (client-go): an answer of 429 that says when, by which an
 * API server that ends leads its clients away. Whatever else was not answered as it should be is a failure.
 */
export class SteadyClient {
  readonly failures: string[] = []
  answered = 0
  readonly #options: SteadyClientOptions
  readonly #kept: Agent
  readonly #stopping = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: SteadyClientOptions) {
    this.#options = options
    this.#kept = new Agent({ keepAlive: true, maxSockets: 1, ca: options.ca })
  }

  start(): void {
    const name = `steady-${process.pid}`
    const read = { method: 'GET', path: '/api/v1/namespaces/default' }
    const write = {
      method: 'PATCH',
      path: `/api/v1/namespaces/default/configmaps/${name}?fieldManager=steady&force=true`,
    }
    this.#running = Promise.all([read, write].flatMap((asked) => [this.#ask(asked, true), this.#ask(asked, false)]))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#kept.destroy()
  }

  async #ask(asked: { method: string; path: string }, keepsConnection: boolean): Promise<void> {
    for (let count = 0; !this.#stopping.signal.aborted; count += 1) {
      const began = Date.now()
      try {
        let status = await this.#send(asked, { keepsConnection, count })
        if (status === 429) {
          // What upstream says there (Retry-After: 1).
          await new Promise((resolve) => setTimeout(resolve, 1000))
          status = await this.#send(asked, { keepsConnection, count })
        }
        if (status !== 200 && status !== 201) throw new Error(`answered with ${status}`)
        this.answered += 1
      } catch (error) {
        const kind = keepsConnection ? 'on a kept connection' : 'on a new connection'
        const why = error instanceof Error ? error.message : String(error)
        this.failures.push(
          `${new Date(began).toISOString()} ${asked.method} ${kind} after ${Date.now() - began} ms: ${why}`,
        )
      }
      // A pace, not a wait for something: ten requests a second of each kind.
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  #send(
    { method, path }: { method: string; path: string },
    { keepsConnection, count }: { keepsConnection: boolean; count: number },
  ): Promise<number> {
    const { endpoint, ca, token } = this.#options
    const name = path.match(/configmaps\/([^?]+)/)?.[1]
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { count: String(count) } }
    const body = method === 'GET' ? undefined : JSON.stringify(object)
    return new Promise((resolve, reject) => {
      const outgoing = request(`${endpoint}${path}`, {
        method,
        ca,
        agent: keepsConnection ? this.#kept : false,
        timeout: 10_000,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/apply-patch+yaml', 'content-length': Buffer.byteLength(body) }),
        },
      })
      outgoing.once('response', (incoming) => {
        incoming.resume()
        incoming.once('end', () => resolve(incoming.statusCode ?? 0))
        incoming.once('error', reject)
      })
      outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in 10 s')))
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }
}
