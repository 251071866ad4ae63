import { waitFor } from '@evenkeel/kernel/testing'
import type { EndpointSpec } from '@evenkeel/substrate'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type ApiClient,
  type ApiServerDouble,
  askApi,
  connectApiClient,
  startApiServerDouble,
} from '../testing/api-server-double.ts'
import { type LocalWorld, makeLocalWorld, type TestCertificate, testCertificate } from '../testing/local-world.ts'

let world: LocalWorld
let certificate: TestCertificate
const doubles: ApiServerDouble[] = []
const clients: ApiClient[] = []

beforeAll(async () => {
  world = await makeLocalWorld()
  certificate = await testCertificate()
})
afterAll(async () => {
  await world?.dispose()
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await Promise.all(doubles.splice(0).map((double) => double.close()))
})

async function start(zone: string, spec: EndpointSpec, cert = certificate): Promise<ApiServerDouble> {
  const backend = spec.backends.find((candidate) => candidate.zone === zone)!
  const double = await startApiServerDouble({ name: zone, host: backend.host, port: backend.port }, cert)
  doubles.push(double)
  return double
}

/** An endpoint in force, with a server behind each backend. */
async function serve(cluster: string): Promise<{ spec: EndpointSpec; a: ApiServerDouble; b: ApiServerDouble }> {
  const spec = await world.endpoint({ cluster, caCertificate: certificate.certificate })
  const [a, b] = await Promise.all([start('a', spec), start('b', spec)])
  await untilInForce(spec)
  return { spec, a, b }
}

async function untilInForce(spec: EndpointSpec): Promise<void> {
  const { endpoint } = world.substrate
  await waitFor(
    async () => {
      await endpoint.ensure(spec)
      return (await endpoint.observe(spec.cluster)).digest === endpoint.digest(spec)
    },
    { what: `the endpoint of ${spec.cluster}` },
  )
}

const addressOf = (spec: EndpointSpec) => ({ host: spec.bind, port: spec.port })
const ask = (spec: EndpointSpec, ca = certificate.certificate) => askApi(addressOf(spec), ca)

async function connectTo(spec: EndpointSpec, zone: string): Promise<ApiClient> {
  return await waitFor(
    async () => {
      const client = await connectApiClient(addressOf(spec), certificate.certificate)
      clients.push(client)
      if ((await client.ask()) === zone) return client
      client.close()
      return undefined
    },
    { what: `a connection to ${zone}` },
  )
}

/** All of many new connections get there. */
async function untilOnly(spec: EndpointSpec, zones: readonly string[]): Promise<void> {
  await waitFor(
    async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(spec)))
      return [...new Set(answers)].sort().join() === zones.join()
    },
    { what: `new connections to go to ${zones.join(' and ')} only` },
  )
}

async function pids(spec: EndpointSpec): Promise<(number | undefined)[]> {
  return (await world.substrate.instances.observe(spec.cluster)).map(({ pid }) => pid)
}

describe('an endpoint with traffic', () => {
  it('when both servers are ready, both get connections through one address of two processes', async () => {
    const { spec } = await serve('both')
    await untilOnly(spec, ['a', 'b'])
    expect(new Set(await pids(spec)).size).toBe(2)
  })

  it('when one HAProxy is killed, every connection that is made afterwards is served, and it comes back', async () => {
    const { spec } = await serve('killed')
    const [victim, survivor] = await pids(spec)
    process.kill(victim!, 'SIGKILL')
    await waitFor(() => isGone(victim!), { what: 'its end', intervalMs: 1 })
    for (let round = 0; round < 20; round += 1) expect(await ask(spec)).toMatch(/^[ab]$/)
    const after = await waitFor(
      async () => {
        const now = await pids(spec)
        return !now.includes(victim) && now.every((pid) => pid !== undefined) && now
      },
      { what: 'a new process', deadlineMs: 4000 },
    )
    expect(after).toContain(survivor)
  })

  it('when one server is gone, its refused connections reach the other before any check has noticed', async () => {
    const { spec, a } = await serve('refused')
    await untilOnly(spec, ['a', 'b'])
    await a.close()
    for (let round = 0; round < 20; round += 1) expect(await ask(spec)).toBe('b')
  })

  it('when one server says that it is not ready, new connections avoid it and old ones stay', async () => {
    const { spec, a } = await serve('drained')
    const client = await connectTo(spec, 'a')
    a.isReady = false
    await untilOnly(spec, ['b'])
    expect(await client.ask()).toBe('a')
    a.isReady = true
    await untilOnly(spec, ['a', 'b'])
    expect(client.isOpen).toBe(true)
  })

  it('when one server does not answer checks any more, its connections are cut', async () => {
    const { spec, a } = await serve('cut')
    const onA = await connectTo(spec, 'a')
    const onB = await connectTo(spec, 'b')
    await a.stopListening()
    await waitFor(() => !onA.isOpen, { what: 'the connection to be cut', deadlineMs: 4000 })
    expect(onB.isOpen).toBe(true)
    expect(await onB.ask()).toBe('b')
  })

  it('when no server is ready, they are asked all the same', async () => {
    const { spec, a, b } = await serve('open')
    await untilOnly(spec, ['a', 'b'])
    a.isReady = false
    b.isReady = false
    const deadline = performance.now() + 1500
    while (performance.now() < deadline) expect(await ask(spec)).toMatch(/^[ab]$/)
  })

  it('when a backend moves, the same processes lead to the new place and cut nothing', async () => {
    const { spec, a } = await serve('moved')
    const client = await connectTo(spec, 'b')
    const before = await pids(spec)
    const moved = {
      ...spec,
      backends: spec.backends.map((backend) => (backend.zone === 'a' ? { ...backend, port: 16443 } : backend)),
    }
    await start('a', moved)
    await untilInForce(moved)
    await a.close()
    await untilOnly(moved, ['a', 'b'])
    expect(await pids(moved)).toEqual(before)
    expect(await client.ask()).toBe('b')
  })

  it('when the certificate authority changes, the same processes trust the new one', async () => {
    const { spec, a, b } = await serve('rotated')
    const before = await pids(spec)
    const next = await testCertificate()
    const both = { ...spec, caCertificate: `${certificate.certificate}\n${next.certificate}` }
    await untilInForce(both)
    await a.close()
    await start('a', both, next)
    await waitFor(async () => (await ask(both, both.caCertificate)) === 'a', { what: 'the new server to be trusted' })
    expect(await pids(both)).toEqual(before)
    expect(b.isReady).toBe(true)
  })

  it('when a backend is added, one process after the other is replaced and no connection is cut', async () => {
    const { spec } = await serve('grown')
    const client = await connectTo(spec, 'b')
    const before = await pids(spec)
    const zone = (await world.substrate.network.claim('grown')).zones['c']!
    const grown = { ...spec, backends: [...spec.backends, { zone: 'c', host: zone.host, port: 6443 }] }
    await start('c', grown)
    // A process that has this connection goes on with it, for as long as it is open.
    for (let round = 0; round < 20; round += 1) {
      await world.substrate.endpoint.ensure(grown)
      expect(await ask(grown)).toMatch(/^[abc]$/)
    }
    expect(await client.ask()).toBe('b')
    client.close()
    await untilInForce(grown)
    await untilOnly(grown, ['a', 'b', 'c'])
    expect((await pids(grown)).filter((pid) => before.includes(pid))).toEqual([])
  })
})

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
