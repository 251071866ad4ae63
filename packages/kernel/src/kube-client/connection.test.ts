import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeFileAtomic } from '../files.ts'
import { loadKubeconfig, loadKubeconfigFiles } from './connection.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
  path = join(folder, 'kubeconfig')
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

interface Parts {
  cluster?: string
  user?: string
  context?: string
}

async function write({
  cluster = 'server: https://h:6443',
  user = 'token: t',
  context = 'main',
}: Parts): Promise<void> {
  await writeFileAtomic(
    path,
    `apiVersion: v1
kind: Config
current-context: ${context}
contexts:
- {name: main, context: {cluster: c, user: u}}
- {name: lost, context: {cluster: c, user: nobody}}
clusters:
- name: c
  cluster: {${cluster}}
users:
- name: u
  user: {${user}}
`,
  )
}

describe('loadKubeconfig', () => {
  test('when certificates are inline, they are decoded', async () => {
    const data = Buffer.from('PEM').toString('base64')
    await write({
      cluster: `server: "https://h:6443/", certificate-authority-data: ${data}, tls-server-name: api.internal`,
      user: `client-certificate-data: ${data}, client-key-data: ${data}`,
    })
    expect(await loadKubeconfig(path)).toEqual({
      server: 'https://h:6443',
      caCertificate: 'PEM',
      clientCertificate: 'PEM',
      clientKey: 'PEM',
      tlsServerName: 'api.internal',
    })
  })

  test('when certificates are files, they are read from beside the kubeconfig, and named', async () => {
    await writeFileAtomic(join(folder, 'ca.crt'), 'CA')
    await writeFileAtomic(join(folder, 'u.crt'), 'CRT')
    await writeFileAtomic(join(folder, 'u.key'), 'KEY')
    await write({
      cluster: 'server: https://h:6443, certificate-authority: ca.crt',
      user: `client-certificate: u.crt, client-key: ${join(folder, 'u.key')}`,
    })
    const { connection, files } = await loadKubeconfigFiles(path)
    expect(connection).toEqual({
      server: 'https://h:6443',
      caCertificate: 'CA',
      clientCertificate: 'CRT',
      clientKey: 'KEY',
    })
    expect(files).toEqual([path, join(folder, 'ca.crt'), join(folder, 'u.crt'), join(folder, 'u.key')])
  })

  test.each<[string, Parts, string]>([
    ['has no such context', { context: 'other' }, 'no entry "other" in contexts'],
    ['has no such user', { context: 'lost' }, 'no entry "nobody" in users'],
    ['has no context', { context: '""' }, 'has no current-context'],
    ['names no server', { cluster: 'x: y' }, 'names no server'],
    ['wants a program for the token', { user: 'exec: {command: aws}' }, 'signs in by "exec"'],
    ['skips the check of the server', { cluster: 'server: h, insecure-skip-tls-verify: true' }, 'skips the check'],
    ['names a file that is not there', { user: 'client-certificate: gone.crt' }, 'gone.crt'],
  ])('when the kubeconfig %s, the error says what to do', async (_what, parts, message) => {
    await write(parts)
    await expect(loadKubeconfig(path)).rejects.toThrow(message)
  })

  test('when a context is asked for, it is taken instead of the current one', async () => {
    await write({ context: 'lost' })
    expect(await loadKubeconfig(path, { context: 'main' })).toEqual({ server: 'https://h:6443', token: 't' })
  })
})
