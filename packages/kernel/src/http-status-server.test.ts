import { afterEach, describe, expect, test } from 'vitest'
import { HttpStatusServer, type HttpStatusServerOptions } from './http-status-server.ts'
import { Metrics } from './metrics.ts'

let server: HttpStatusServer | undefined

afterEach(async () => {
  await server?.close()
})

async function start(options: Partial<HttpStatusServerOptions> = {}): Promise<string> {
  server = new HttpStatusServer({ host: '127.0.0.1', port: 0, metrics: new Metrics(), readiness: {}, ...options })
  return `http://127.0.0.1:${await server.listen()}`
}

async function ask(url: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(url, init)
  return [response.status, await response.text()]
}

describe('http status server', () => {
  test('when all checks are well, it is ready and names them', async () => {
    const url = await start({ readiness: { informer: () => undefined, home: async () => undefined } })
    expect(await ask(`${url}/readyz`)).toEqual([200, '[+]informer ok\n[+]home ok\nok\n'])
    expect(await ask(`${url}/healthz?verbose`)).toEqual([200, 'ok\n'])
  })

  test('when a check has a reason or throws, it is not ready and says why, and still lives', async () => {
    const readiness = {
      informer: () => 'waits for the first list',
      home: () => Promise.reject(new Error('connection refused')),
      disk: () => undefined,
    }
    const url = await start({ readiness })
    expect(await ask(`${url}/readyz`)).toEqual([
      503,
      '[-]informer: waits for the first list\n[-]home: connection refused\n[+]disk ok\nnot ok\n',
    ])
    expect((await ask(`${url}/healthz`))[0]).toBe(200)
  })

  test('when a liveness check fails, it does not live', async () => {
    const url = await start({ liveness: { loop: () => 'has not turned for 60 s' } })
    expect(await ask(`${url}/healthz`)).toEqual([503, '[-]loop: has not turned for 60 s\nnot ok\n'])
  })

  test('when metrics are asked for, they come in the text format', async () => {
    const metrics = new Metrics()
    metrics.counter('evenkeel_lamp_lightings_total', 'Lamps lit', ['room']).inc({ room: 'hall' })
    const url = await start({ metrics })
    const [status, text] = await ask(`${url}/metrics`)
    expect(status).toBe(200)
    expect(text).toContain('evenkeel_lamp_lightings_total{room="hall"} 1')
  })

  test('when asked for anything else, it says no', async () => {
    const url = await start()
    expect((await ask(`${url}/debug`))[0]).toBe(404)
    expect((await ask(`${url}/metrics`, { method: 'POST' }))[0]).toBe(405)
  })

  test('when the address is taken, listen rejects with the reason', async () => {
    const url = await start()
    const other = new HttpStatusServer({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      metrics: new Metrics(),
      readiness: {},
    })
    await expect(other.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('metrics', () => {
  test('when a name is not one of ours, it is refused; when it is known, the same metric is given', () => {
    const metrics = new Metrics()
    expect(() => metrics.gauge('queue_depth', 'x', [])).toThrow('rename it')
    expect(() => metrics.gauge('evenkeel_queue_depth', 'x', [])).toThrow('rename it')
    const first = metrics.gauge('evenkeel_queue_depth_items', 'x', ['queue'])
    expect(metrics.gauge('evenkeel_queue_depth_items', 'x', ['queue'])).toBe(first)
  })
})
