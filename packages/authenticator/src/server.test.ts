import 'reflect-metadata'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { clusterToken, deriveSigningKey, signingDay } from '@evenkeel/contract/sigv4'
import { createLogger, Metrics, systemClock, writeFileAtomic } from '@evenkeel/kernel'
import * as x509 from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FORGET_AFTER_MS, Folder } from './folder.ts'
import { followFolder } from './folder-watch.ts'
import { serverNameOf, TokenServer } from './server.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

interface Pair {
  readonly certificate: string
  readonly key: string
}

async function makeAuthority(name: string) {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  })
  return {
    pem: certificate.toString('pem'),
    async issue(commonName: string, host?: string): Promise<Pair> {
      const own = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
      const leaf = await x509.X509CertificateGenerator.create({
        subject: `CN=${commonName}`,
        issuer: certificate.subject,
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        signingAlgorithm: ALGORITHM,
        notAfter: new Date(Date.now() + 86_400_000),
        extensions:
          host === undefined ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
      })
      const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', own.privateKey), 'PRIVATE KEY')
      return { certificate: leaf.toString('pem'), key }
    },
  }
}

const credentials = { accessKeyId: 'AKIDEXAMPLEADMIN0001', secretAccessKey: 'not-a-secret' }
const principalArn = 'arn:aws:iam::1:user/admin'

describe('TokenServer', () => {
  const lines: string[] = []
  let path: string
  let folder: Folder
  let server: TokenServer
  let port: number
  let laterMs = 0
  const authorities = new Map<string, Awaited<ReturnType<typeof makeAuthority>>>()
  const clients = new Map<string, Pair>()

  async function writeCluster(id: string, name: string) {
    const authority = await makeAuthority(`ca of ${id}`)
    authorities.set(id, authority)
    clients.set(id, await authority.issue('kube-apiserver'))
    const document = {
      id,
      name,
      region: 'local-1',
      serving: await authority.issue('authenticator', serverNameOf(id)),
      clientCertificateAuthority: authority.pem,
      entries: [{ principalArn, username: principalArn, groups: ['system:masters'] }],
      probe: { accessKeyId: 'AKIDEXAMPLEPROBE0001', principalArn: 'arn:probe', days: {} },
    }
    await writeFileAtomic(join(path, 'clusters', `${id}.json`), JSON.stringify(document))
  }

  function ask(id: string, body: string, options: { as?: string; path?: string } = {}) {
    const client = clients.get(options.as ?? id)
    return new Promise<{ status: number; body: string }>((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          method: 'POST',
          path: options.path ?? `/clusters/${id}/token-review`,
          servername: serverNameOf(id),
          ca: authorities.get(id)?.pem ?? '',
          cert: client?.certificate,
          key: client?.key,
          agent: false,
        },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString()
          })
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
        },
      )
      sent.once('error', reject)
      sent.end(body)
    })
  }

  const reviewOf = (token: string) =>
    JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: ['https://kubernetes.default.svc'] },
    })
  const tokenFor = (clusterName: string) =>
    clusterToken({ clusterName, region: 'local-1', credentials, nowMs: Date.now() })

  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'evenkeel-authenticator-'))
    await mkdir(join(path, 'clusters'))
    const days = [-1, 0, 1].map((offset) => {
      const day = signingDay(Date.now() + offset * 86_400_000)
      const key = deriveSigningKey(credentials.secretAccessKey, { day, region: 'local-1', service: 'sts' })
      return [day, Buffer.from(key).toString('base64')]
    })
    const keys = [{ accessKeyId: credentials.accessKeyId, principalArn, days: Object.fromEntries(days) }]
    await writeFileAtomic(join(path, 'signing-keys.json'), JSON.stringify({ region: 'local-1', keys }))
    await writeCluster('one', 'demo')
    await writeCluster('two', 'Demo')
    folder = new Folder(path, { now: () => Date.now() + laterMs })
    await folder.refresh()
    const log = createLogger('authenticator', { level: 'debug', write: (line) => lines.push(line) })
    server = new TokenServer({ hosts: ['127.0.0.1'], port: 0, folder, clock: systemClock, log, metrics: new Metrics() })
    port = await server.listen()
  })
  afterAll(async () => {
    await server.close()
    await rm(path, { recursive: true, force: true })
  })

  it('when two share an address and one ends, the other answers every new question', async () => {
    const log = createLogger('authenticator', { level: 'silent' })
    const other = new TokenServer({
      hosts: ['127.0.0.1'],
      port,
      folder,
      clock: systemClock,
      log,
      metrics: new Metrics(),
    })
    await other.listen()
    await other.close()
    for (let count = 0; count < 20; count += 1) {
      expect((await ask('one', reviewOf(tokenFor('demo')))).status).toBe(200)
    }
  })

  it('when another address cannot be shared yet, it answers at its own, and there as soon as that is free', async () => {
    const earlier = createServer().listen({ host: '127.0.0.2', port })
    await once(earlier, 'listening')
    const log = createLogger('authenticator', { level: 'silent' })
    const hosts = ['127.0.0.3', '127.0.0.2'] as const
    const other = new TokenServer({ hosts, port, folder, clock: systemClock, log, metrics: new Metrics() })
    try {
      expect(await other.listen()).toBe(port)
      earlier.close()
      await vi.waitFor(() => canConnect('127.0.0.2', port), 5000)
    } finally {
      await other.close()
    }
  })

  it('when an API server shows a good token, it is told who that is, in the apiVersion of its question', async () => {
    const { status, body } = await ask('one', reviewOf(tokenFor('demo')))
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      status: {
        authenticated: true,
        user: { username: principalArn, groups: ['system:masters'] },
        audiences: ['https://kubernetes.default.svc'],
      },
    })
  })

  it('when the token is for the other cluster, it is refused and the audit line says why without the token', async () => {
    const token = tokenFor('demo')
    lines.length = 0
    const { body } = await ask('two', reviewOf(token))
    expect(JSON.parse(body)).toMatchObject({ status: { authenticated: false } })
    const line = lines.find((one) => one.includes('"refused"'))
    expect(line).toContain('"cluster":"Demo","clusterId":"two"')
    expect(line).toContain('"reason":"badSignature"')
    expect(lines.join('')).not.toContain(token)
    expect(lines.join('')).not.toContain(credentials.secretAccessKey)
  })

  it('when an API server of one cluster connects as another, the handshake fails', async () => {
    await expect(ask('one', reviewOf('x'), { as: 'two' })).rejects.toThrow(/ECONNRESET|hang up|alert|disconnected/)
    await expect(ask('one', reviewOf('x'), { as: 'nobody' })).rejects.toThrow(/ECONNRESET|hang up|alert|disconnected/)
  })

  it('when a client offers the session of an earlier connection, it has to show its certificate again', async () => {
    const connectAs = (id: string, session?: Buffer) => {
      const { certificate, key } = clients.get(id) ?? { certificate: '', key: '' }
      return new Promise<{ reused: boolean; sessions: Buffer[] }>((resolve, reject) => {
        const sessions: Buffer[] = []
        let reused = false
        const socket = connect({
          host: '127.0.0.1',
          port,
          servername: serverNameOf(id),
          ca: authorities.get(id)?.pem ?? '',
          cert: certificate,
          key,
          ...(session === undefined ? {} : { session }),
        })
        socket.on('session', (given: Buffer) => sessions.push(given))
        socket.once('error', reject)
        socket.once('secureConnect', () => {
          reused = socket.isSessionReused()
          socket.end(`GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
          socket.resume()
        })
        socket.once('close', () => resolve({ reused, sessions }))
      })
    }
    const first = await connectAs('one')
    for (const session of first.sessions) expect((await connectAs('one', session)).reused).toBe(false)
  })

  it('when an API server adds its time limit to the path, it is answered', async () => {
    const answer = await ask('one', reviewOf(tokenFor('demo')), { path: '/clusters/one/token-review?timeout=30s' })
    expect(answer.body).toContain('"authenticated":true')
    expect((await ask('one', '{}', { path: '/clusters/one/token-reviews' })).status).toBe(404)
  })

  it('when tokens of every kind were shown, the log holds no token, no signature and no key', async () => {
    const url = Buffer.from(tokenFor('demo').slice('k8s-aws-v1.'.length), 'base64url').toString()
    const signature = /[0-9a-f]{64}$/.exec(url)?.[0] ?? ''
    const broken = [
      url.replace('Action', 'Auction'),
      url.replace('host%3B', ''),
      `${url}&X-Amz-Security-Token=s3cr3t`,
      url.replace('/sts/', '/eks/'),
      url.replace('local-1%2Fsts', 'local-2%2Fsts'),
      url.replace(/^https:/, 'ftp:'),
    ].map((one) => `k8s-aws-v1.${Buffer.from(one).toString('base64url')}`)
    const tokens = [
      tokenFor('demo'),
      ...broken,
      'eyJhbGciOiJub25lIn0.e30.c2lnbmF0dXJl',
      'k8s-aws-v1.!!!',
      'x'.repeat(5000),
    ]
    lines.length = 0
    for (const token of tokens) expect((await ask('one', reviewOf(token))).status).toBe(200)
    await ask('one', reviewOf(tokenFor('demo')).slice(0, -2))
    const text = lines.join('')
    expect(lines.filter((line) => line.includes('"audit":"token-review"'))).toHaveLength(tokens.length)
    for (const token of tokens) expect(text).not.toContain(token.slice(11))
    for (const secret of [signature, 's3cr3t', credentials.secretAccessKey]) expect(text).not.toContain(secret)
    const days = folder.keysOf(credentials.accessKeyId)?.days ?? {}
    expect(Object.values(days)).toHaveLength(3)
    for (const key of Object.values(days)) expect(text).not.toContain(key)
  })

  it('when the client sends half of a body and goes, nothing is said about it', async () => {
    const { certificate = '', key = '' } = clients.get('one') ?? {}
    lines.length = 0
    await new Promise<void>((resolve, reject) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port,
          servername: serverNameOf('one'),
          ca: authorities.get('one')?.pem ?? '',
          cert: certificate,
          key,
        },
        () => {
          socket.write('POST /clusters/one/token-review HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{', () =>
            socket.destroy(),
          )
        },
      )
      socket.once('error', reject)
      socket.once('close', () => resolve())
    })
    expect((await ask('one', reviewOf(tokenFor('demo')))).status).toBe(200)
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([])
  })

  it('when a connection of one cluster asks on the path of another, it is refused', async () => {
    const answer = await ask('one', reviewOf(tokenFor('Demo')), { path: '/clusters/two/token-review' })
    expect(answer.status).toBe(403)
  })

  it.each([
    ['no JSON', 'hello', 400],
    ['no TokenReview', '{}', 400],
    ['too long', `"${'x'.repeat(70_000)}"`, 413],
  ])('when the body is %s, it answers with a clear refusal', async (_, body, status) => {
    expect((await ask('one', body)).status).toBe(status)
  })

  it('when the folder is wiped and comes back in part, what was known stays known', async () => {
    await rm(path, { recursive: true })
    await folder.refresh()
    expect((await ask('one', reviewOf(tokenFor('demo')))).body).toContain('"authenticated":true')
    await mkdir(join(path, 'clusters'), { recursive: true })
    await folder.refresh()
    await writeCluster('two', 'Demo')
    await folder.refresh()
    expect((await ask('one', reviewOf(tokenFor('demo')))).body).toContain('"authenticated":true')
    expect((await ask('two', reviewOf(tokenFor('Demo')))).body).toContain('"authenticated":true')
  })

  it('when a cluster stays away, it is forgotten', async () => {
    await folder.refresh()
    laterMs = FORGET_AFTER_MS
    await folder.refresh()
    laterMs = 0
    await expect(ask('one', reviewOf('x'))).rejects.toThrow(/ECONNRESET|hang up|alert|disconnected/)
    expect((await ask('two', reviewOf(tokenFor('Demo')))).status).toBe(200)
  })

  it('when the folder is followed, what keepers write, wipe and write again is known within seconds', async () => {
    const stop = new AbortController()
    followFolder(folder, stop.signal, () => {})
    try {
      await writeCluster('four', 'four')
      await vi.waitFor(() => expect(folder.cluster('four')).toBeDefined(), 1000)
      await rm(path, { recursive: true })
      await mkdir(join(path, 'clusters'), { recursive: true })
      await writeCluster('two', 'Demo')
      await writeCluster('five', 'five')
      await vi.waitFor(() => expect(folder.cluster('five')).toBeDefined(), 5000)
    } finally {
      stop.abort()
    }
  })

  it.each([
    ['no JSON', '{', 'it is not JSON'],
    ['of another cluster', '{"id":"four"}', 'it is of another cluster than its name says'],
    [
      'without entries',
      '{"id":"three","serving":{"certificate":"c","key":"k"},"name":"n","region":"r"}',
      'clientCertificateAuthority must be a text',
    ],
  ])('when a file is %s, it is named and the others go on', async (_, content, problem) => {
    const file = join(path, 'clusters', 'three.json')
    await writeFileAtomic(file, content)
    expect((await folder.refresh()).map(({ file, error }) => `${file}: ${String(error)}`)).toEqual([
      `${file}: Error: ${problem}`,
    ])
    expect((await ask('two', reviewOf(tokenFor('Demo')))).status).toBe(200)
    await rm(file)
  })

  it('when a file is damaged later, what it said before stays in force', async () => {
    const file = join(path, 'signing-keys.json')
    await writeFileAtomic(
      file,
      JSON.stringify({ keys: [{ accessKeyId: 'x', principalArn: 'y', days: { '20261124': 'c2hvcnQ=' } }] }),
    )
    expect(String((await folder.refresh())[0]?.error)).toMatch(/keys of 32 bytes by day/)
    expect((await ask('two', reviewOf(tokenFor('Demo')))).body).toContain('"authenticated":true')
  })
})

async function canConnect(host: string, port: number): Promise<void> {
  const socket = createConnection({ host, port })
  await once(socket, 'connect')
  socket.destroy()
}
