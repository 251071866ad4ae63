import { isIP } from 'node:net'
import { join } from 'node:path'

/** What an installation gives its service, through the environment. */
export interface ServiceSettings {
  /** Kubeconfig of the home, with the rights of the service. */
  readonly kubeconfig: string
  /** Folders with the data of a home of our own; none where it is somebody else's. */
  readonly homeFolders: readonly string[]
  /** Where copies of what the home said are kept. */
  readonly mirrorFolder: string
  readonly region: string
  /** The account that is made with the installation: 12 digits. */
  readonly accountId: string
  /** IP address that is listened at. */
  readonly address: string
  readonly port: number
  /** Path of a PEM file with certificate and key; none: plain http, for loopback alone. */
  readonly tlsFile?: string
  /** How many clusters an account may have; EKS: 100. */
  readonly clusterQuota: number
}

type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_CLUSTER_QUOTA = 100

/** Throws with everything that is missing or wrong, by the names of the variables. */
export function readSettings(environment: Environment): ServiceSettings {
  const problems: string[] = []
  const text = (name: string, pattern: RegExp, meaning: string): string => {
    const value = environment[name] ?? ''
    if (!pattern.test(value)) problems.push(`${name} must be ${meaning}, not ${JSON.stringify(value)}`)
    return value
  }
  const home = text('EVENKEEL_HOME', /^\//, 'the absolute path of the state folder')
  const region = text('EVENKEEL_REGION', /^[a-z0-9-]{1,64}$/, 'a region, such as local-1')
  const accountId = text('EVENKEEL_ACCOUNT_ID', /^[0-9]{12}$/, 'an account of 12 digits')
  const port = Number(text('EVENKEEL_PORT', /^[0-9]{1,5}$/, 'a port'))
  if (port > 65535) problems.push(`EVENKEEL_PORT must be at most 65535, not ${port}`)
  const address = environment['EVENKEEL_ADDRESS'] ?? '127.0.0.1'
  if (isIP(address) === 0) problems.push(`EVENKEEL_ADDRESS must be an IP address, not ${JSON.stringify(address)}`)
  const clusterQuota = Number(environment['EVENKEEL_CLUSTER_QUOTA'] ?? DEFAULT_CLUSTER_QUOTA)
  if (!Number.isInteger(clusterQuota) || clusterQuota < 0)
    problems.push('EVENKEEL_CLUSTER_QUOTA must be a number of clusters')
  const tlsFile = environment['EVENKEEL_TLS_FILE']
  if (tlsFile === undefined && !isLoopback(address)) {
    problems.push(`EVENKEEL_TLS_FILE must be given for ${address}: plain http is for loopback alone`)
  }
  if (problems.length > 0) throw new Error(`the service cannot start: ${problems.join('; ')}`)
  const external = environment['EVENKEEL_HOME_KUBECONFIG']
  return {
    kubeconfig: external ?? join(home, 'access/service.kubeconfig'),
    homeFolders: external === undefined ? [join(home, 'volumes'), home] : [],
    mirrorFolder: join(home, 'mirror/service'),
    region,
    accountId,
    address,
    port,
    clusterQuota,
    ...(tlsFile === undefined ? {} : { tlsFile }),
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
