import type { Cluster } from '@aws-sdk/client-eks'
import { formatTable, LOOPBACK_NOTE } from '../terminal/index.ts'
import { isSimulated } from './contexts.ts'

/** What the kinds of networks mean for who uses a cluster. */
const NETWORKS: Readonly<Record<string, string>> = {
  private: 'private: a network of its own, with room for nodes',
  loopback: `loopback: it can have no nodes; ${LOOPBACK_NOTE}`,
}

/** A cluster of the EKS API for people. `network`: its kind, where the home says it. Pure. */
export function describeText(cluster: Cluster, { network }: { readonly network?: string | undefined } = {}): string {
  const rows: [string, string | undefined][] = [
    ['name', cluster.name],
    ['status', cluster.status],
    ['version', cluster.version],
    ['platform', cluster.platformVersion],
    ['endpoint', cluster.endpoint],
    ['simulated', isSimulated(cluster) ? 'yes: nothing serves at its endpoint' : undefined],
    ['network', NETWORKS[network ?? '']],
    ['arn', cluster.arn],
    ['created', cluster.createdAt?.toISOString()],
    ['issuer', cluster.identity?.oidc?.issuer],
    ['services', cluster.kubernetesNetworkConfig?.serviceIpv4Cidr],
    ['support', cluster.upgradePolicy?.supportType],
    ['protected', cluster.deletionProtection === true ? 'against deletion' : 'no'],
    ['tags', tagText(cluster.tags ?? {})],
  ]
  const shown = rows.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]]))
  const issues = (cluster.health?.issues ?? []).map((issue) => ['issue', `${issue.code ?? ''}: ${issue.message ?? ''}`])
  return `${formatTable([...shown, ...issues]).join('\n')}\n`
}

function tagText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}

/** A line a cluster. Pure. */
export function listText(clusters: readonly Cluster[]): string {
  if (clusters.length === 0) return 'no clusters: ./evenkeel cluster create NAME\n'
  const rows = clusters.map((cluster) => [
    cluster.name ?? '',
    cluster.status ?? '',
    cluster.version ?? '',
    cluster.endpoint ?? '',
    cluster.createdAt?.toISOString().slice(0, 19) ?? '',
  ])
  return `${formatTable([['NAME', 'STATUS', 'VERSION', 'ENDPOINT', 'CREATED'], ...rows]).join('\n')}\n`
}
