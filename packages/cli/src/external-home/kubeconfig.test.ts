import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KubeConnection, loadKubeconfig } from '@evenkeel/kernel'
import { expect, test } from 'vitest'
import { renderKubeconfig } from './kubeconfig.ts'

test.each<[string, KubeConnection]>([
  ['a token', { server: 'https://192.0.2.7:6443', caCertificate: 'CA', token: 'example' }],
  [
    'certificates and another name',
    {
      server: 'https://192.0.2.7:6443',
      caCertificate: 'CA',
      clientCertificate: 'CERTIFICATE',
      clientKey: 'KEY',
      tlsServerName: 'kubernetes',
      impersonate: { user: 'evenkeel:keeper', groups: ['evenkeel:keepers'] },
    },
  ],
])('when a connection by %s is written down, it is read as the same', async (_what, connection) => {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-kubeconfig-'))
  try {
    await writeFile(join(folder, 'kubeconfig'), renderKubeconfig(connection))
    expect(await loadKubeconfig(join(folder, 'kubeconfig'))).toEqual(connection)
  } finally {
    await rm(folder, { recursive: true })
  }
})
