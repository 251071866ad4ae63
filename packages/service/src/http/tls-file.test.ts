import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import 'reflect-metadata'
import { createLogger, Metrics, silentLogger } from '@evenkeel/kernel'
import { FakeClock, waitFor } from '@evenkeel/kernel/testing'
import * as x509 from '@peculiar/x509'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { believingAuthenticator } from '../testing/eks-rig.ts'
import { buildEksServer, renewCertificate } from './eks-server.ts'
import { followTls, waitForTls } from './tls-file.ts'

let folder: string
let file: string
let stopping: AbortController
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-tls-'))
  file = join(folder, 'service.pem')
  stopping = new AbortController()
})
afterEach(async () => {
  stopping.abort()
  await rm(folder, { recursive: true })
})

/** Certificate and key as keepers write them, for 127.0.0.1, signed by itself. */
async function makePem(serialNumber: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: [{ CN: ['service'] }],
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return `${certificate.toString('pem')}\n${key}\n`
}

function shownSerial(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/healthz', ca, agent: false }, (response) => {
      const certificate: DetailedPeerCertificate = (response.socket as TLSSocket).getPeerCertificate(true)
      response.resume()
      resolve(certificate.serialNumber)
    })
    request.once('error', reject)
  })
}

describe('the certificate of the service', () => {
  it('when it is renewed, new connections get the new one; when it is broken, they keep the one before', async () => {
    const [first, second] = [await makePem('0a01'), await makePem('0a02')]
    await writeFile(file, first)
    const lines: string[] = []
    const log = createLogger('test', { write: (line) => lines.push(line) })
    const clock = new FakeClock(Date.now())
    const options = { file, clock, log }
    expect(await waitForTls(options, stopping.signal)).toBe(first)
    const server = buildEksServer({
      authenticator: believingAuthenticator,
      answer: () => Promise.reject(new Error('nobody asks')),
      log: silentLogger,
      metrics: new Metrics(),
      readiness: {},
      tlsPem: first,
    })
    await server.listen({ host: '127.0.0.1', port: 0 })
    const { port } = server.server.address() as AddressInfo
    try {
      const following = followTls(options, first, (pem) => renewCertificate(server, pem), stopping.signal)
      expect(await shownSerial(port, first)).toBe('0A01')

      await writeFile(file, second.replace(/-----BEGIN PRIVATE KEY-----[^]*/, ''))
      await waitFor(async () => (await clock.advance(5000), lines.length > 0), { what: 'the broken one to be seen' })
      expect(lines[0]).toContain('the one before it stays in force')
      expect(await shownSerial(port, first)).toBe('0A01')

      await writeFile(file, second)
      await waitFor(async () => (await clock.advance(5000), lines.length > 1), { what: 'the new one to be seen' })
      expect(await shownSerial(port, second)).toBe('0A02')
      stopping.abort()
      await following
    } finally {
      await server.close()
    }
  })

  it('when it is not there yet, it is waited for', async () => {
    const clock = new FakeClock(Date.now())
    let found: string | undefined
    const waiting = waitForTls({ file, clock, log: silentLogger }, stopping.signal).then((pem) => {
      found = pem
    })
    const pem = await makePem('0a03')
    await writeFile(file, pem)
    await waitFor(async () => (await clock.advance(200), found !== undefined), { what: 'the certificate' })
    await waiting
    expect(found).toBe(pem)
  })
})
