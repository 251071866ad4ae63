import { Buffer } from 'node:buffer'
import { constants } from 'node:crypto'
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

export interface TokenServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly folder: Folder
  readonly clock: Pick<Clock, 'now'>
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
  readonly #server: Server
  readonly #reviews
  readonly #duration

  constructor(options: TokenServerOptions) {
    this.#options = options
    const { metrics, folder } = options
    this.#reviews = metrics.counter(
      'evenkeel_authenticator_reviews_total',
      'Token reviews answered, by result (authenticated, or the reason of refusal).',
      ['result'],
    )
    this.#duration = metrics.histogram('evenkeel_authenticator_review_duration_seconds', 'Time to answer one review.', {
      labelNames: [],
      buckets: DURATION_BUCKETS_SECONDS,
    })
    this.#server = createServer(
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
    this.#server.on('tlsClientError', (error) => options.log.debug({ err: error }, 'a TLS handshake failed'))
  }

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
