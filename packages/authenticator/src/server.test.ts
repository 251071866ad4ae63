import 'reflect-metadata'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clusterToken, deriveSigningKey, signingDay } from '@evenkeel/contract/sigv4'
import { createLogger, Metrics, systemClock, writeFileAtomic } from '@evenkeel/kernel'
import * as x509 from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Folder } from './folder.ts'
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
    folder = new Folder(path)
    await folder.refresh()
    const log = createLogger('authenticator', { level: 'debug', write: (line) => lines.push(line) })
    server = new TokenServer({ host: '127.0.0.1', port: 0, folder, clock: systemClock, log, metrics: new Metrics() })
    port = await server.listen()
  })
  afterAll(async () => {
    await server.close()
    await rm(path, { recursive: true, force: true })
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
    expect(line).toContain('"cluster":"two"')
    expect(line).toContain('"reason":"badSignature"')
    expect(lines.join('')).not.toContain(token)
    expect(lines.join('')).not.toContain(credentials.secretAccessKey)
  })

  it('when an API server of one cluster connects as another, the handshake fails', async () => {
    await expect(ask('one', reviewOf('x'), { as: 'two' })).rejects.toThrow(/ECONNRESET|hang up|alert|disconnected/)
    await expect(ask('one', reviewOf('x'), { as: 'nobody' })).rejects.toThrow(/ECONNRESET|hang up|alert|disconnected/)
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

  it('when the folder is wiped, what was known stays known; when a cluster is removed, it is forgotten', async () => {
    await rm(join(path, 'clusters'), { recursive: true })
    await folder.refresh()
    expect((await ask('one', reviewOf(tokenFor('demo')))).status).toBe(200)
    await mkdir(join(path, 'clusters'))
    await writeCluster('two', 'Demo')
    await folder.refresh()
    await vi.waitFor(
      async () => await expect(ask('one', reviewOf('x'))).rejects.toThrow(/ECONNRESET|hang up|alert|disconnected/),
    )
    expect((await ask('two', reviewOf(tokenFor('Demo')))).status).toBe(200)
  })

  it('when a file is damaged, it is named and the others go on', async () => {
    await writeFileAtomic(join(path, 'clusters', 'three.json'), '{')
    expect((await folder.refresh()).map(({ file }) => file)).toEqual([join(path, 'clusters', 'three.json')])
    expect((await ask('two', reviewOf(tokenFor('Demo')))).status).toBe(200)
  })
})
