import http from 'node:http'
import https from 'node:https'
import { createSecureContext } from 'node:tls'
import type { KubeConnection } from './connection.ts'
import { KubeConnectionError } from './errors.ts'
import { impersonationHeaders } from './requests.ts'

export interface TransportRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** A header with several values is sent as several headers. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Until the whole answer is there; with `stream`, until its headers are. */
  readonly timeoutMs: number
  /** Leave the body to be read by the caller. */
  readonly stream?: boolean
}

export interface TransportAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** Empty with `stream`. */
  readonly body: string
  readonly stream: http.IncomingMessage
}

/** How long a connection is kept without use: less than the 90 s after which kube-apiserver closes it. */
const IDLE_CONNECTION_MS = 30_000

/**
 * Connections to one server with one identity. Node's own client and not undici: it says whether a request failed on a
 * connection that had been idle (`reusedSocket`), which is what decides a retry, and costs no memory of its own.
 */
export class KubeTransport {
  readonly #connection: KubeConnection
  readonly #base: URL
  readonly #agent: http.Agent
  readonly #impersonation: Readonly<Record<string, string | readonly string[]>>

  constructor(connection: KubeConnection) {
    this.#connection = connection
    this.#base = new URL(connection.server)
    this.#impersonation = impersonationHeaders(connection.impersonate)
    const common = { keepAlive: true, timeout: IDLE_CONNECTION_MS, scheduling: 'lifo' as const }
    if (this.#base.protocol === 'http:') {
      this.#agent = new http.Agent(common)
      return
    }
    if (this.#base.protocol !== 'https:') {
      throw new Error(
        `the Kubernetes API server "${connection.server}" is no http or https URL: correct the kubeconfig`,
      )
    }
    // Parsed once, not for each connection.
    const secureContext = createSecureContext({
      ca: connection.caCertificate,
      cert: connection.clientCertificate,
      key: connection.clientKey,
      minVersion: 'TLSv1.2',
    })
    const servername = connection.tlsServerName
    this.#agent = new https.Agent({ ...common, secureContext, ...(servername === undefined ? {} : { servername }) })
  }

  /** Throws KubeConnectionError, or the reason of `signal`. Any status is an answer. */
  async send(request: TransportRequest): Promise<TransportAnswer> {
    try {
      return await this.#sendOnce(request)
    } catch (error) {
      // The server closed an idle connection just as we used it. Nothing but a read may be sent twice.
      if (request.method === 'GET' && error instanceof StaleConnectionError) {
        return await this.#sendOnce(request)
      }
      throw error
    }
  }

  /** Ends idle connections now and busy ones after their requests. */
  close(): void {
    this.#agent.maxFreeSockets = 0
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) {
        socket.destroy()
      }
    }
  }

  #sendOnce(request: TransportRequest): Promise<TransportAnswer> {
    const { signal } = request
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const client = this.#base.protocol === 'http:' ? http : https
      const token = this.#connection.token
      const outgoing = client.request({
        agent: this.#agent,
        host: this.#base.hostname.replace(/^\[|\]$/g, ''),
        port: this.#base.port || (this.#base.protocol === 'http:' ? 80 : 443),
        method: request.method,
        path: this.#base.pathname.replace(/\/$/, '') + request.path,
        headers: {
          ...(request.headers['impersonate-user'] === undefined ? this.#impersonation : {}),
          ...request.headers,
          // Node announces no body for DELETE by itself: the server would take it for the next request.
          ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        } as http.OutgoingHttpHeaders,
      })
      const what = `${request.method} ${request.path.split('?')[0]} at ${this.#connection.server}`
      const timer = setTimeout(() => {
        fail(new KubeConnectionError(`${what} was not answered within ${request.timeoutMs} ms`, 'TIMEOUT'))
      }, request.timeoutMs)
      let answered = false

      function settle(): void {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      function fail(error: unknown): void {
        settle()
        reject(error)
        outgoing.destroy()
      }
      function abort(): void {
        fail(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })

      outgoing.on('error', (cause: NodeJS.ErrnoException) => {
        const stale = outgoing.reusedSocket && !answered && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE')
        const ErrorType = stale ? StaleConnectionError : KubeConnectionError
        fail(new ErrorType(`${what} failed: ${cause.message}`, cause.code ?? 'UNKNOWN', { cause }))
      })
      outgoing.on('response', (incoming) => {
        answered = true
        const status = incoming.statusCode ?? 0
        if (request.stream && status < 300) {
          settle()
          resolve({ status, headers: incoming.headers, body: '', stream: incoming })
          return
        }
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          settle()
          const body = Buffer.concat(chunks).toString('utf8')
          resolve({ status, headers: incoming.headers, body, stream: incoming })
        })
        incoming.on('error', (cause: NodeJS.ErrnoException) => {
          const code = cause.code ?? 'UNKNOWN'
          fail(new KubeConnectionError(`the answer to ${what} broke off: ${cause.message}`, code, { cause }))
        })
      })
      outgoing.end(request.body)
    })
  }
}

/** A connection that had been idle was closed under the request. */
class StaleConnectionError extends KubeConnectionError {}
