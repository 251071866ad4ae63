import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { readFileIfThere } from '../files.ts'
import { KubeconfigAbsentError } from './errors.ts'
import type { Impersonation } from './requests.ts'

/** How to reach a Kubernetes API, and as whom. Certificates and keys are PEM. */
export interface KubeConnection {
  /** `https://host:port`; plain `http` is for tests on loopback. */
  readonly server: string
  readonly caCertificate?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  /** Bearer token. */
  readonly token?: string
  /** As whom requests are made that do not say so themselves, by somebody who may impersonate. */
  readonly impersonate?: Impersonation
  /** Name that the server's certificate is checked for, where it is not the host of `server`. */
  readonly tlsServerName?: string
}

export interface LoadedKubeconfig {
  readonly connection: KubeConnection
  /** Every file that was read: when one changes, load again. */
  readonly files: readonly string[]
}

/** The connection of a kubeconfig file's current context (or of `options.context`). */
export async function loadKubeconfig(path: string, options: { context?: string } = {}): Promise<KubeConnection> {
  return (await loadKubeconfigFiles(path, options)).connection
}

/** Like `loadKubeconfig`, and says which files it has read. */
export async function loadKubeconfigFiles(path: string, options: { context?: string } = {}): Promise<LoadedKubeconfig> {
  // Only here, since it is large and most processes are given their connection.
  const { parse } = await import('yaml')
  const files = [path]
  const text = await readFileIfThere(path)
  if (text === undefined) {
    throw new KubeconfigAbsentError(path)
  }
  const config = asRecord(parse(text))
  const contextName = options.context ?? asText(config['current-context'])
  if (contextName === undefined) {
    throw new Error(`kubeconfig ${path} has no current-context: set one`)
  }
  const context = entry('contexts', 'context', contextName)
  const cluster = entry('clusters', 'cluster', asText(context['cluster']))
  const user = entry('users', 'user', asText(context['user']))
  for (const unsupported of ['exec', 'auth-provider', 'username']) {
    if (user[unsupported] !== undefined) {
      throw new Error(
        `user of context "${contextName}" in kubeconfig ${path} signs in by "${unsupported}": use a client certificate or a token`,
      )
    }
  }
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw new Error(
      `kubeconfig ${path} skips the check of the server's certificate: give its certificate authority instead`,
    )
  }
  const server = asText(cluster['server'])
  if (server === undefined) {
    throw new Error(`kubeconfig ${path} names no server for context "${contextName}": set clusters[].cluster.server`)
  }
  const connection = defined({
    server: server.replace(/\/+$/, ''),
    caCertificate: await pem(cluster, 'certificate-authority'),
    clientCertificate: await pem(user, 'client-certificate'),
    clientKey: await pem(user, 'client-key'),
    token: asText(user['token']) ?? (await fileOf(user, 'tokenFile'))?.trim(),
    impersonate: impersonationOf(user),
    tlsServerName: asText(cluster['tls-server-name']),
  })
  return { connection: { ...connection, server: connection.server ?? '' }, files }

  function entry(list: string, member: string, name: string | undefined): Record<string, unknown> {
    const entries = config[list]
    const found = Array.isArray(entries) ? entries.map(asRecord).find((one) => one['name'] === name) : undefined
    if (found === undefined) {
      throw new Error(`kubeconfig ${path} has no entry "${name}" in ${list}: add it or choose another context`)
    }
    return asRecord(found[member])
  }

  async function fileOf(record: Record<string, unknown>, field: string): Promise<string | undefined> {
    const named = asText(record[field])
    if (named === undefined) {
      return undefined
    }
    const file = resolve(dirname(path), named)
    files.push(file)
    return await readFile(file, 'utf8')
  }

  async function pem(record: Record<string, unknown>, field: string): Promise<string | undefined> {
    const inline = asText(record[`${field}-data`])
    return inline === undefined ? await fileOf(record, field) : Buffer.from(inline, 'base64').toString('utf8')
  }
}

/** Changes when one of the files is written, replaced or removed. */
export async function filesStamp(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file, { bigint: true }).catch(() => undefined)
      return found === undefined ? 'absent' : `${found.ino}:${found.size}:${found.mtimeNs}`
    }),
  )
  return stamps.join(' ')
}

/** `as` and `as-groups` of a kubeconfig's user. */
function impersonationOf(user: Record<string, unknown>): Impersonation | undefined {
  const name = asText(user['as'])
  const groups = user['as-groups']
  if (name === undefined) {
    return undefined
  }
  return { user: name, groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [] }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

type Defined<T> = { [Field in keyof T]?: Exclude<T[Field], undefined> }

/** Without the members that are undefined. */
function defined<T extends Record<string, unknown>>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>
}
