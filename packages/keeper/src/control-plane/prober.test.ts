import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { parseClusterToken } from '@evenkeel/contract/sigv4'
import { ENDPOINTS } from '@evenkeel/kernel'
import { FakeClock } from '@evenkeel/kernel/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { createClusterKeys, issueCertificates, leafOf } from '../pki/index.ts'
import type { AskedMember, ProbeTarget } from './ports.ts'
import { NetworkProber } from './prober.ts'

const NOW_MS = Date.parse('2026-11-24T13:00:00Z')
const servers: Server[] = []

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(async (server) => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }),
  )
})

/** One HTTPS server that plays every part: what it answers is in `says`. */
async function rig() {
  const nowMs = Date.now()
  const keys = await createClusterKeys('abc', nowMs)
  const leaf = (commonName: string, usages: ('server' | 'client')[], hosts: string[]) => ({
    authority: 'cluster' as const,
    commonName,
    organizations: [],
    hosts,
    usages,
  })
  const plan = { server: leaf('server', ['server'], ['kubernetes']), keeper: leaf('keeper', ['client'], []) }
  const leaves = await issueCertificates(keys, plan, { nowMs })
  const [server, keeper] = [leafOf(leaves, 'server'), leafOf(leaves, 'keeper')]
  const ca = keys.authorities.cluster.certificate
  const object = 'as wanted' as 'as wanted' | 'otherwise' | 'missing' | 'unknown'
  const says = { ready: true, page: 'ok', leader: true, hasServiceAccount: true, username: 'evenkeel:probe', object }
  const asked: string[] = []
  const listener = createServer(
    { cert: server.certificate, key: server.key, ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const url = request.url ?? ''
      const isKnown = (request.socket as TLSSocket).authorized
      const token = request.headers.authorization?.replace('Bearer ', '')
      asked.push(`${isKnown ? 'keeper' : token === undefined ? 'nobody' : 'token'} ${request.method} ${url}`)
      const answer = (status: number, body: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (url === '/readyz') {
        response.writeHead(says.ready ? 200 : 500).end(says.page)
      } else if (url === '/v3/maintenance/status') {
        answer(200, { header: { member_id: '7' }, leader: says.leader ? '7' : '8' })
      } else if (url.endsWith('/endpoints/kubernetes')) {
        const status = { missing: 404, unknown: 500, otherwise: 200, 'as wanted': 200 }[says.object]
        const metadata = { name: 'kubernetes', namespace: 'default', uid: 'u' }
        answer(status, { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: says.object })
      } else if (url.endsWith('/serviceaccounts/default')) {
        answer(says.hasServiceAccount ? 200 : 404, { kind: 'ServiceAccount' })
      } else if (token !== undefined && parseClusterToken(token).ok) {
        answer(201, { status: { userInfo: { username: says.username } } })
      } else {
        answer(401, { kind: 'Status' })
      }
    },
  )
  servers.push(listener)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const member = (name: string, component: string, path?: string): AskedMember => ({
    name,
    component,
    host: '127.0.0.1',
    port,
    ...(path === undefined ? {} : { path }),
    serverName: 'kubernetes',
    caCertificate: ca,
    client: { certificate: keeper.certificate, key: keeper.key },
  })
  const target: ProbeTarget = {
    id: 'abc',
    kind: 'hosted',
    eksName: 'web',
    members: [member('etcd-a', 'etcd', '/readyz'), member('etcd-hop-a', 'etcd-hop')],
    endpoint: member('endpoint', 'endpoint', '/readyz'),
    probeKey: { accessKeyId: 'EVKP0123456789ABCDEF', secretAccessKey: 'x'.repeat(40) },
    objects: [],
  }
  const clock = new FakeClock(NOW_MS)
  const prober = new NetworkProber({ clock, region: 'local-1', probeUsername: 'evenkeel:probe' })
  return { says, asked, listener, target, clock, prober }
}

describe('NetworkProber', () => {
  it('when all answers, all is ready, and etcd says who leads', async () => {
    const { prober, target } = await rig()
    expect(await prober.probe(target, 'creating')).toEqual({
      members: { 'etcd-a': { ready: true, leader: true }, 'etcd-hop-a': { ready: true } },
      endpoint: { ready: true },
      defaultServiceAccount: true,
      token: { ready: true },
      objects: true,
    })
    prober.forget(target.id)
  })

  it('when a cluster is to hold objects, they are asked for now and then, and no answer changes nothing', async () => {
    const { prober, target, says, clock, asked } = await rig()
    const metadata = { name: 'kubernetes', namespace: 'default' }
    const object = { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: 'as wanted' }
    const named = { ...target, objects: [{ resource: ENDPOINTS, object }] }
    const look = async (answer: typeof says.object) => {
      says.object = answer
      return (await prober.probe(named, 'keeping')).objects
    }
    expect(await look('unknown')).toBe(false)
    expect(await look('missing')).toBe(false)
    expect(await look('otherwise')).toBe(false)
    expect(await look('as wanted')).toBe(true)
    const questions = () =>
      asked.filter((line) => line === 'keeper GET /api/v1/namespaces/default/endpoints/kubernetes')
    expect(questions()).toHaveLength(4)
    expect(await look('missing')).toBe(true)
    expect(questions()).toHaveLength(4)
    await clock.advance(30_000)
    expect(await look('unknown')).toBe(true)
    expect(await look('missing')).toBe(false)
    prober.forget(target.id)
  })

  it('when members say no, they are not ready, for the reason that they give', async () => {
    const { prober, target, says } = await rig()
    says.ready = false
    const probes = await prober.probe(target, 'keeping')
    expect(probes.members['etcd-a']).toMatchObject({ ready: false, detail: expect.stringContaining('500') })
    expect(probes.endpoint.ready).toBe(false)
    expect(probes.members['etcd-hop-a']?.ready).toBe(true)
    prober.forget(target.id)
  })

  it('when a member says that it was told to end, it is leaving; when it says anything else, it is not', async () => {
    const { prober, target, says } = await rig()
    says.ready = false
    says.page = '[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n'
    expect((await prober.probe(target, 'keeping')).members['etcd-a']).toMatchObject({ ready: false, leaving: true })
    says.page = '[-]etcd failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n'
    expect((await prober.probe(target, 'keeping')).members['etcd-a']).not.toHaveProperty('leaving')
    prober.forget(target.id)
  })

  it('when nobody listens, nothing is ready, and nothing is thrown', async () => {
    const { prober, target, listener } = await rig()
    listener.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
    const probes = await prober.probe(target, 'creating')
    expect([probes.endpoint, probes.token, ...Object.values(probes.members)].some(({ ready }) => ready)).toBe(false)
    expect(probes.defaultServiceAccount).toBe(false)
  })

  it('when somebody else answers at the address, it is not trusted', async () => {
    const { prober, target } = await rig()
    const stranger = await createClusterKeys('other', Date.now())
    const caCertificate = stranger.authorities.cluster.certificate
    const members = target.members.map((member) => ({ ...member, caCertificate }))
    const probes = await prober.probe({ ...target, members }, 'keeping')
    expect(Object.values(probes.members).map(({ ready }) => ready)).toEqual([false, false])
    prober.forget(target.id)
  })

  it('when the token is taken for somebody else, it is not verified', async () => {
    const { prober, target, says } = await rig()
    says.username = 'system:anonymous'
    expect((await prober.probe(target, 'creating')).token).toMatchObject({ ready: false })
    prober.forget(target.id)
  })

  it('when it only keeps watch, it makes a token twice a minute, and at once after one has failed', async () => {
    const { prober, target, says, asked, clock } = await rig()
    const tokens = () => asked.filter((line) => line.startsWith('token')).length
    await prober.probe(target, 'keeping')
    await prober.probe(target, 'keeping')
    expect(tokens()).toBe(1)
    await clock.advance(30_000)
    says.username = 'nobody'
    await prober.probe(target, 'keeping')
    await prober.probe(target, 'keeping')
    expect(tokens()).toBe(3)
    prober.forget(target.id)
  })

  it('when a create has seen a token accepted, it makes no other one at each look', async () => {
    const { prober, target, says, asked } = await rig()
    const tokens = () => asked.filter((line) => line.startsWith('token')).length
    says.username = 'nobody'
    await prober.probe(target, 'creating')
    says.username = 'evenkeel:probe'
    await prober.probe(target, 'creating')
    expect((await prober.probe(target, 'creating')).token).toEqual({ ready: true })
    expect(tokens()).toBe(2)
    prober.forget(target.id)
  })

  it('when the endpoint is not ready, a create asks the members once a second alone', async () => {
    const { prober, target, says, asked, clock } = await rig()
    says.ready = false
    const about = () => asked.length
    await prober.probe(target, 'creating')
    const first = about()
    await prober.probe(target, 'creating')
    expect(about() - first).toBe(1)
    await clock.advance(1000)
    await prober.probe(target, 'creating')
    expect(about() - first).toBe(1 + first)
    prober.forget(target.id)
  })

  it('when it asks as the home, it wants no token and no service account', async () => {
    const { prober, target, asked } = await rig()
    const probes = await prober.probe({ ...target, kind: 'home' }, 'creating')
    expect(probes).toMatchObject({ defaultServiceAccount: true, token: { ready: true } })
    expect(asked.every((line) => !line.startsWith('token') && !line.includes('serviceaccounts'))).toBe(true)
    prober.forget(target.id)
  })
})
