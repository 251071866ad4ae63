import type { KubeConnection } from '@evenkeel/kernel'

/** A kubeconfig that needs no other file. JSON is YAML. Pure. */
export function renderKubeconfig(connection: KubeConnection): string {
  const { server, caCertificate, clientCertificate, clientKey, token, tlsServerName, impersonate } = connection
  const cluster = {
    server,
    'tls-server-name': tlsServerName,
    'certificate-authority-data': base64(caCertificate),
  }
  const user = {
    'client-certificate-data': base64(clientCertificate),
    'client-key-data': base64(clientKey),
    token,
    as: impersonate?.user,
    'as-groups': impersonate?.groups,
  }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'home', cluster }],
    users: [{ name: 'home', user }],
    contexts: [{ name: 'home', context: { cluster: 'home', user: 'home' } }],
    'current-context': 'home',
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}

function base64(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString('base64')
}
