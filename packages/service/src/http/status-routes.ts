import type { HealthCheck, Metrics } from '@evenkeel/kernel'
import type { FastifyInstance, FastifyReply } from 'fastify'

export interface StatusRoutesOptions {
  readonly metrics: Metrics
  /** Called before metrics are read. */
  readonly refreshMetrics?: () => void
  readonly readiness: Readonly<Record<string, HealthCheck>>
}

/** Serves `/healthz`, `/readyz` and `/metrics`, unsigned. EKS has no paths of these names. */
export function registerStatusRoutes(server: FastifyInstance, options: StatusRoutesOptions): void {
  const { metrics, refreshMetrics, readiness } = options
  const config = { isStatus: true }
  server.get('/healthz', { config }, (_request, reply) => sendText(reply, 200, 'ok\n'))
  server.get('/readyz', { config }, async (_request, reply) => {
    const checks = Object.entries(readiness)
    const results = await Promise.all(checks.map(async ([name, check]) => ({ name, problem: await check() })))
    const isReady = results.every(({ problem }) => problem === undefined)
    const lines = results.map(({ name, problem }) =>
      problem === undefined ? `[+]${name} ok` : `[-]${name}: ${problem}`,
    )
    return sendText(reply, isReady ? 200 : 503, `${[...lines, isReady ? 'ok' : 'not ok'].join('\n')}\n`)
  })
  server.get('/metrics', { config }, async (_request, reply) => {
    refreshMetrics?.()
    return reply.header('content-type', metrics.registry.contentType).send(await metrics.render())
  })
}

function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(text)
}
