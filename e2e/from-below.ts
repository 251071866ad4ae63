import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'

/** A client certificate, as keepers have it on record. */
interface Identity {
  readonly certificate: string
  readonly key: string
}

interface Request {
  readonly url: string
  readonly body?: string
  /** PEM: who signs the server's certificate. */
  readonly authority: string
  /** Name that the server's certificate is checked for. */
  readonly serverName: string
  readonly identity?: Identity
}

/** The status and the text of an answer; rejects where TLS lets nobody in. */
export function ask({ url, body, authority, serverName, identity }: Request) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const client = identity === undefined ? {} : { cert: identity.certificate, key: identity.key }
    const options = { ca: authority, servername: serverName, agent: false, method: body === undefined ? 'GET' : 'POST' }
    const sent = request(url, { ...options, ...client }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    sent.on('error', reject).setTimeout(10_000, () => sent.destroy(new Error('no answer in 10 s')))
    sent.end(body)
  })
}

/** Where members of a zone of a cluster listen, whichever network the cluster has: what only they are certified for. */
export function memberAddress(home: string, id: string, zone: string): string {
  const { leaves } = JSON.parse(readFileSync(join(home, 'records', id, 'leaves.json'), 'utf8')) as {
    leaves: Record<string, { request: { hosts: string[] } }>
  }
  const [host] = leaves[`etcd-${zone}/peer`]?.request.hosts ?? []
  if (host === undefined) throw new Error(`nothing is certified for a member of ${id} in zone ${zone}`)
  return host
}

/** A hosted cluster by what keepers have on record of it: what no user of the cluster can see. */
export function recordsOf(home: string, id: string) {
  const record = (name: string): unknown => JSON.parse(readFileSync(join(home, 'records', id, name), 'utf8'))
  const { authorities } = record('keys.json') as { authorities: Record<'cluster' | 'etcd', Identity> }
  const { leaves } = record('leaves.json') as { leaves: Record<string, Identity> }
  const etcdAuthority = authorities.etcd.certificate
  return {
    authority: authorities.cluster.certificate,
    etcdAuthority,
    /** The value of a key as the member of etcd at `host` holds it (etcd's JSON gateway, 3.5 to 3.7). */
    async etcdValue(host: string, key: string): Promise<string> {
      const { text } = await ask({
        url: `https://${host}:2381/v3/kv/range`,
        body: JSON.stringify({ key: Buffer.from(key).toString('base64'), serializable: true }),
        authority: etcdAuthority,
        serverName: 'etcd.evenkeel.internal',
        ...(leaves['keeper/etcd-client'] === undefined ? {} : { identity: leaves['keeper/etcd-client'] }),
      })
      const { kvs = [] } = JSON.parse(text) as { kvs?: { value: string }[] }
      return Buffer.from(kvs[0]?.value ?? '', 'base64').toString('latin1')
    },
  }
}
