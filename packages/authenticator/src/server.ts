import { Buffer } from 'node:buffer'
import { constants } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Clock, DURATION_BUCKETS_SECONDS, type Logger, type Metrics } from '@evenkeel/kernel'
import type { Folder } from './folder.ts'
import { reviewToken } from './review.ts'
import { answerTokenReview, parseTokenReview } from './token-review.ts'

/** What the API servers of the cluster `id` call us; what we show them is certified for it. */
export function serverNameOf(id: string): string {
  return `${id}.${SERVER_NAME_SUFFIX}`
}

const SERVER_NAME_SUFFIX = 'authenticator.evenkeel.internal'
/** API servers add `?timeout=30s`. */
const PATH = /^\/clusters\/([a-z0-9-]{1,63})\/token-review(?:\?|$)/
/** A token has at most 4 KiB; whatever is longer is no TokenReview of ours. */
const LONGEST_BODY_BYTES = 64 << 10
const LISTEN_INTERVAL_MS = 1000

export interface TokenServerOptions {
  /**
   * Addresses to answer at, its own first. Several authenticators may share them (SO_REUSEPORT): the kernel deals new
   * connections out between those that live, so that tokens are verified while one of them starts again.
   */
  readonly hosts: readonly [string, ...string[]]
  /** 0: any free port, for one host alone. */
  readonly port: number
  readonly folder: Folder
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

/**
 * The token webhook of all clusters of a cell in one zone. Which cluster asks is settled by TLS: each has a server name,
 * a certificate and a client authority of its own, so no cluster can ask in another's name.
 */
export class TokenServer {
  readonly #options: TokenServerOptions
  readonly #servers: readonly [Server, ...Server[]]
  readonly #closing = new AbortController()
  readonly #reviews
  readonly #duration

  constructor(options: TokenServerOptions) {
    this.#options = options
    const { metrics } = options
    this.#reviews = metrics.counter(
      'evenkeel_authenticator_reviews_total',
      'Token reviews answered, by result (authenticated, or the reason of refusal).',
      ['result'],
    )
    this.#duration = metrics.histogram('evenkeel_authenticator_review_duration_seconds', 'Time to answer one review.', {
      labelNames: [],
      buckets: DURATION_BUCKETS_SECONDS,
    })
    const [, ...others] = options.hosts
    this.#servers = [this.#createServer(), ...others.map(() => this.#createServer())]
  }

  #createServer(): Server {
    const { folder, log } = this.#options
    const server = createServer(
      {
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        // See `openCluster`: options count where a connection begins, before its server name is known.
        secureOptions: constants.SSL_OP_NO_TICKET,
        requestTimeout: 10_000,
        headersTimeout: 5000,
        SNICallback: (serverName, done) => {
          const cluster = folder.cluster(clusterOf(serverName) ?? '')
          if (cluster === undefined) done(new Error(`no cluster has the server name ${serverName}`))
          else done(null, cluster.secureContext)
        },
      },
      (request, response) => void this.#serve(request, response),
    )
    server.on('tlsClientError', (error) => log.debug({ err: error }, 'a TLS handshake failed'))
    return server
  }

  /** Answers its port once it listens at its first host; at the others it listens as soon as that can be. */
  async listen(): Promise<number> {
    const [first, ...others] = this.#servers
    await this.#listenAt(first, this.#options.hosts[0])
    for (const [at, server] of others.entries()) void this.#keepTrying(server, this.#options.hosts[at + 1] ?? '')
    return (first.address() as AddressInfo).port
  }

  async #listenAt(server: Server, host: string): Promise<void> {
    server.listen({ host, port: this.#options.port, reusePort: true })
    await once(server, 'listening')
  }

  /** An authenticator of an earlier version does not share its address: until it ends, its own is enough for us. */
  async #keepTrying(server: Server, host: string): Promise<void> {
    const { clock, log } = this.#options
    let isTold = false
    while (!this.#closing.signal.aborted) {
      try {
        return await this.#listenAt(server, host)
      } catch (err) {
        if (!isTold) log.warn({ err, host }, 'another address cannot be shared yet: tried again each second')
        isTold = true
      }
      await clock.sleep(LISTEN_INTERVAL_MS, this.#closing.signal).catch(() => {})
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(
      this.#servers.map(async (server) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        server.closeAllConnections()
        await closed
      }),
    )
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = this.#duration.startTimer()
    try {
      const { status, body } = await this.#answer(request)
      // What was not read must not be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close')
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    } catch (error) {
      if (request.destroyed) return
      this.#options.log.error({ err: error }, 'a token review failed')
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: 'the authenticator failed: see its log' }))
    } finally {
      end()
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { folder, clock, log } = this.#options
    const id = PATH.exec(request.url ?? '')?.[1]
    if (id === undefined || request.method !== 'POST') {
      return { status: 404, body: { message: 'POST /clusters/<id>/token-review is all there is here' } }
    }
    const cluster = folder.cluster(id)
    // A certificate of one cluster does not open the path of another.
    if (cluster === undefined || clusterOf((request.socket as TLSSocket).servername) !== id) {
      return { status: 403, body: { message: `this connection is not that of the cluster ${id}` } }
    }
    const text = await readBody(request)
    if (text === undefined) return { status: 413, body: { message: `more than ${LONGEST_BODY_BYTES} bytes` } }
    const review = parseTokenReview(text)
    if (typeof review === 'string') return { status: 400, body: { message: review } }
    const verdict = reviewToken(review.spec.token, cluster, {
      nowMs: clock.now(),
      keysOf: (accessKeyId) => folder.keysOf(accessKeyId),
    })
    const about = { audit: 'token-review', cluster: cluster.name, clusterId: id, accessKeyId: verdict.accessKeyId }
    if (verdict.ok) {
      this.#reviews.inc({ result: 'authenticated' })
      const { principalArn, username } = verdict.entry
      log.info({ ...about, result: 'authenticated', principalArn, username }, 'a token was accepted')
    } else {
      this.#reviews.inc({ result: verdict.reason })
      const { reason, detail, principalArn } = verdict
      log.warn({ ...about, result: 'refused', reason, detail, principalArn }, 'a token was refused')
    }
    return { status: 200, body: answerTokenReview(review, verdict) }
  }
}

function clusterOf(serverName: unknown): string | undefined {
  if (typeof serverName !== 'string' || !serverName.endsWith(`.${SERVER_NAME_SUFFIX}`)) return undefined
  return serverName.slice(0, -SERVER_NAME_SUFFIX.length - 1)
}

/** Undefined past the longest length; the rest is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  // Kept open, so that whoever sent too much hears of it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
