import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@evenkeel/kernel/testing'
import { renderTcpProxy } from '@evenkeel/substrate'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ApiClient,
  type ApiServerDouble,
  askApi,
  connectApiClient,
  startApiServerDouble,
} from '../testing/api-server-double.ts'
import { type TestCertificate, testCertificate } from '../testing/local-world.ts'

/** Three servers, each with a port for traffic and one for its health, as members of etcd have behind their hop. */
const NAMES = ['a', 'b', 'c'] as const
type Name = (typeof NAMES)[number]
const HOSTS = { a: '127.0.77.1', b: '127.0.77.2', c: '127.0.77.3' } as const

let folder: string
let certificate: TestCertificate
let haproxy: ChildProcess
let port: number
let traffic: Record<Name, ApiServerDouble>
let health: Record<Name, ApiServerDouble>
const clients: ApiClient[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-proxy-'))
  certificate = await testCertificate()
  await writeFile(join(folder, 'ca.pem'), certificate.certificate)
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  const [trafficPort, healthPort] = [await freePort(), await freePort()]
  port = await freePort()
  const start = async (at: number) => {
    const doubles = await Promise.all(
      NAMES.map((name) => startApiServerDouble({ name, host: HOSTS[name], port: at }, certificate)),
    )
    return Object.fromEntries(doubles.map((double) => [double.name, double])) as Record<Name, ApiServerDouble>
  }
  traffic = await start(trafficPort)
  health = await start(healthPort)
  const text = renderTcpProxy({
    bind: '127.0.0.1',
    port,
    servers: NAMES.map((name) => ({ name, host: HOSTS[name], port: trafficPort })),
    check: {
      path: '/readyz',
      caFile: join(folder, 'ca.pem'),
      serverName: 'kubernetes',
      intervalMs: 500,
      port: healthPort,
    },
    maxConnections: 100,
    failOpen: true,
    prefer: 'first',
  })
  await writeFile(join(folder, 'haproxy.cfg'), text)
  haproxy = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  await waitFor(() => ask().catch(() => undefined), { what: 'the proxy to answer' })
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  haproxy.kill('SIGKILL')
  await Promise.all([...Object.values(traffic), ...Object.values(health)].map((double) => double.close()))
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('it has no port')
  return address.port
}

const ask = () => askApi({ host: '127.0.0.1', port }, certificate.certificate)

async function connectClient(): Promise<ApiClient> {
  const client = await connectApiClient({ host: '127.0.0.1', port }, certificate.certificate)
  clients.push(client)
  return client
}

describe('a proxy that prefers the first of its servers', () => {
  it('when all are ready, every connection goes to the first', async () => {
    for (let round = 0; round < 10; round += 1) expect(await ask()).toBe('a')
  })

  it('when the first takes no new connection and finishes its old ones, the next gets the new ones and nothing is cut', async () => {
    const client = await connectClient()
    expect(await client.ask()).toBe('a')
    await traffic.a.stopListening()
    // For longer than checks would need to take it out.
    const deadline = performance.now() + 1500
    while (performance.now() < deadline) expect(await ask()).toBe('b')
    expect(await client.ask()).toBe('a')
  })

  it('when the first says that it is not ready, its connections are cut and the next serves', async () => {
    const client = await connectClient()
    health.a.isReady = false
    await waitFor(() => !client.isOpen, { what: 'the connection to be cut', deadlineMs: 4000 })
    expect(await ask()).toBe('b')
    health.a.isReady = true
    await waitFor(async () => (await ask()) === 'a', { what: 'the first to be used again' })
  })
})
