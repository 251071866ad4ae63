import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type SecureContextOptions, Server as TlsServer } from 'node:tls'
import { clusterNameOf, EksFault, faultStatus } from '@evenkeel/contract/eks'
import type { HealthCheck, Logger, Metrics } from '@evenkeel/kernel'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { OPERATION_SCHEMAS, type OperationSchema, readInput, writeOutput } from '../eks-protocol/index.ts'
import type { Authenticator, Caller } from './authenticator.ts'
import type { AnswerCall } from './eks-call.ts'
import { faultOf, sendFault } from './fault-answer.ts'
import { readBody } from './request-body.ts'
import { RequestMetrics } from './request-metrics.ts'
import { registerStatusRoutes } from './status-routes.ts'

export interface EksServerOptions {
  readonly authenticator: Authenticator
  readonly answer: AnswerCall
  readonly log: Logger
  readonly metrics: Metrics
  /** Called before metrics are read. */
  readonly refreshMetrics?: () => void
  /** By name; the service is ready when none has a problem. */
  readonly readiness: Readonly<Record<string, HealthCheck>>
  /** Certificate and key. None: plain http, for loopback alone. */
  readonly tlsPem?: string
}

/** What is known of a request before its operation answers. */
interface Arrival {
  /** Of `performance.now()`. */
  readonly startedMs: number
  body: Uint8Array
  /** Undefined until the signature is verified. */
  caller: Caller | undefined
  /** EKS name of the cluster that the call is about; undefined until its parameters are read. */
  cluster: string | undefined
}

/** Longest decoded label: an ARN. */
const LONGEST_LABEL = 2048
/** For the whole request to arrive; a client that needs longer is cut off with 408. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Serves EKS: reads the body, verifies who signed, finds the operation, reads its parameters, has it answered and
 * writes the answer. The client's own bytes are what is verified: nothing decodes the path or the body before that.
 */
export function buildEksServer(options: EksServerOptions): FastifyInstance {
  const { authenticator, answer, metrics } = options
  const requestMetrics = new RequestMetrics(metrics)
  const arrivals = new WeakMap<IncomingMessage, Arrival>()
  const server = fastify({
    logger: false,
    exposeHeadRoutes: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: LONGEST_LABEL },
    // Connections of clients that keep them open must not hold up a stop.
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
    frameworkErrors: (error, request, reply) =>
      void sendFault(reply.header('x-amzn-requestid', request.id), faultOf(error)),
    ...(options.tlsPem === undefined ? {} : { https: secureOptions(options.tlsPem) }),
  }) as unknown as FastifyInstance

  // The hook below takes the body; what is left is not parsed again.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined))
  registerStatusRoutes(server, options)

  server.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.isStatus) return
    reply.header('x-amzn-requestid', request.id)
    const arrival: Arrival = {
      startedMs: performance.now(),
      body: new Uint8Array(),
      caller: undefined,
      cluster: undefined,
    }
    arrivals.set(request.raw, arrival)
    arrival.body = await readBody(request.raw)
    const { url = '/', headers, method = 'GET' } = request.raw
    arrival.caller = await authenticator.authenticate({ method, url, headers, body: arrival.body })
  })
  server.addHook('onError', async (request, _reply, error) => record(request, faultOf(error)))
  server.setErrorHandler((error, request, reply) => {
    if (!request.raw.complete) reply.header('connection', 'close')
    return sendFault(reply, faultOf(error))
  })
  server.setNotFoundHandler((request) => {
    throw new EksFault(
      'UnknownOperationException',
      `EKS has no operation ${request.method} ${request.raw.url?.split('?')[0]}.`,
    )
  })
  for (const operation of OPERATION_SCHEMAS.values()) {
    server.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{([^}]+)\}/g, ':$1'),
      config: { operation },
      handler: (request, reply) => answerOperation(operation, request, reply),
    })
  }
  return server

  async function answerOperation(operation: OperationSchema, request: FastifyRequest, reply: FastifyReply) {
    const arrival = arrivals.get(request.raw)
    if (arrival?.caller === undefined)
      throw new Error('a request reached its operation unverified: the hook is not in place')
    const [, query = ''] = request.raw.url?.split(/\?(.*)/s) ?? []
    const labels = request.params as Record<string, string>
    const input = readInput(operation, { labels, query, body: arrival.body })
    arrival.cluster = clusterNameOf(input)
    const log = logOf(request)
    const output = await answer({
      operation: operation.name,
      input,
      caller: arrival.caller,
      requestId: request.id,
      log,
    })
    const text = writeOutput(operation.output, output)
    record(request, undefined)
    return reply.code(operation.successStatus).header('content-type', 'application/json').send(text)
  }

  function logOf(request: FastifyRequest): Logger {
    const operation = request.routeOptions.config.operation?.name
    const cluster = arrivals.get(request.raw)?.cluster
    return options.log.child({ requestId: request.id, operation, cluster })
  }

  function record(request: FastifyRequest, fault: EksFault | undefined): void {
    const operation = request.routeOptions.config.operation
    const arrival = arrivals.get(request.raw)
    const durationMs = performance.now() - (arrival?.startedMs ?? performance.now())
    const code = fault?.code ?? 'Success'
    requestMetrics.observe({ operation: operation?.name ?? 'Unknown', code, durationSeconds: durationMs / 1000 })
    const log = logOf(request)
    const entry = { code, durationMs: Math.round(durationMs), caller: arrival?.caller?.arn }
    if (fault === undefined) {
      if (operation?.method === 'GET') log.debug(entry, 'answered')
      else log.info(entry, 'answered')
    } else if (faultStatus(fault.code) >= 500) {
      log.error({ ...entry, err: fault.cause ?? fault, reason: fault.message }, 'failed')
    } else {
      log.info({ ...entry, reason: fault.message }, 'refused')
    }
  }
}

/** New connections get another certificate from now on; those that are open go on. */
export function renewCertificate(server: FastifyInstance, pem: string): void {
  if (!(server.server instanceof TlsServer)) throw new Error('a server of plain http has no certificate to renew')
  server.server.setSecureContext(secureOptions(pem))
}

/** OpenSSL finds each in the same text. */
function secureOptions(pem: string): SecureContextOptions {
  return { cert: pem, key: pem, minVersion: 'TLSv1.2' }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: OperationSchema
    /** Not of EKS, and for everyone: health and metrics. */
    isStatus?: boolean
  }
}
