import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics.ts'

/** Undefined when well, else why not, in a sentence that says what is waited for. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>

export interface HttpStatusServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly metrics: Metrics
  /** By name. The process does its work. */
  readonly readiness: Readonly<Record<string, HealthCheck>>
  /** By name. The process is of any use; one that fails wants to be restarted. None: it answers, so it lives. */
  readonly liveness?: Readonly<Record<string, HealthCheck>>
  /** Further pages by path, such as `/status`: what is to be shown as JSON now. Nothing secret. */
  readonly pages?: Readonly<Record<string, () => unknown>>
}

const PLAIN_TEXT = 'text/plain; charset=utf-8'

/** Serves `/healthz`, `/readyz` and `/metrics`, for programs that serve nothing else. */
export class HttpStatusServer {
  readonly #options: HttpStatusServerOptions
  readonly #server: Server

  constructor(options: HttpStatusServerOptions) {
    this.#options = options
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
      void this.#answer(request.method ?? '', request.url ?? '').then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
      })
    })
  }

  /** Resolves with the port once it listens; rejects where the address is taken. */
  async listen(): Promise<number> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(method: string, url: string): Promise<{ status: number; type: string; body: string }> {
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, type: PLAIN_TEXT, body: 'only GET is answered here\n' }
    }
    try {
      const path = url.split('?')[0] ?? ''
      switch (path) {
        case '/healthz':
          return await report(this.#options.liveness ?? {})
        case '/readyz':
          return await report(this.#options.readiness)
        case '/metrics':
          return {
            status: 200,
            type: this.#options.metrics.registry.contentType,
            body: await this.#options.metrics.render(),
          }
        default:
          return this.#page(path)
      }
    } catch (error) {
      return { status: 500, type: PLAIN_TEXT, body: `${error instanceof Error ? error.message : String(error)}\n` }
    }
  }

  #page(path: string): { status: number; type: string; body: string } {
    const page = this.#options.pages?.[path]
    if (page === undefined) {
      return { status: 404, type: PLAIN_TEXT, body: 'try /healthz, /readyz or /metrics\n' }
    }
    return { status: 200, type: 'application/json', body: `${JSON.stringify(page())}\n` }
  }
}

/** One line a check, as kube-apiserver words them; 503 when one fails. */
async function report(checks: Readonly<Record<string, HealthCheck>>) {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => ({ name, problem: await examine(check) })),
  )
  const isWell = results.every(({ problem }) => problem === undefined)
  const lines = results.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok` : `[-]${name}: ${problem}`))
  return { status: isWell ? 200 : 503, type: PLAIN_TEXT, body: `${[...lines, isWell ? 'ok' : 'not ok'].join('\n')}\n` }
}

async function examine(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
