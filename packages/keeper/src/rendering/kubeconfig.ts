/** Who is reached, and as whom. Paths are absolute; PEM texts are carried in the file itself. */
export interface KubeconfigInput {
  readonly server: string
  /** Name that the server's certificate is checked for, where it is not the URL's host. */
  readonly serverName?: string
  readonly authority: { readonly file: string } | { readonly pem: string }
  /** One file with certificate and key, which client-go reads anew while it runs; or the PEM texts. */
  readonly client: { readonly file: string } | { readonly certificate: string; readonly key: string }
}

/** A kubeconfig (v1 Config) with one cluster, one user and one context, as an object. */
export function kubeconfig(input: KubeconfigInput): object {
  const { server, serverName, authority, client } = input
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'default',
        cluster: {
          server,
          ...(serverName === undefined ? {} : { 'tls-server-name': serverName }),
          ...('file' in authority
            ? { 'certificate-authority': authority.file }
            : { 'certificate-authority-data': base64(authority.pem) }),
        },
      },
    ],
    users: [
      {
        name: 'default',
        user:
          'file' in client
            ? { 'client-certificate': client.file, 'client-key': client.file }
            : { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) },
      },
    ],
    contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
    'current-context': 'default',
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
