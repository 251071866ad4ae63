import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { askReadiness, failedChecks, httpGet } from './http-get.ts'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(status: number | 'never', body = ''): Promise<string> {
  const server = createServer((_request, response) => {
    if (status !== 'never') response.writeHead(status).end(body)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('when a service is ready, nothing is missing; when not, its own words say what is', async () => {
  expect(await askReadiness(await serve(200, '[+]home ok\nok\n'))).toEqual({ ready: true, problems: [] })
  expect(await askReadiness(await serve(503, '[+]identity ok\n[-]home: it does not answer\nnot ok\n'))).toEqual({
    ready: false,
    problems: ['home: it does not answer'],
  })
  expect(failedChecks({ status: 502, body: '' })).toEqual(['answers with HTTP status 502'])
})

test('when nobody listens or nobody answers, it says so and does not throw', async () => {
  const { ready, problems } = await askReadiness('http://127.0.0.1:1')
  expect(ready).toBe(false)
  expect(problems[0]).toContain('http://127.0.0.1:1 does not answer')
  const silent = await serve('never')
  await expect(httpGet(silent, { timeoutMs: 50 })).rejects.toThrow('no answer in 50 ms')
})
