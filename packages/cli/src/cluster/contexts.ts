import { type Cluster, DescribeClusterCommand, type EKSClient, paginateListClusters } from '@aws-sdk/client-eks'
import { type ClusterAddress, clientFiles, syncKubeconfig } from '../access/index.ts'
import { connectEks, type EksAccess, explainEksError, isEksError } from './eks.ts'

/** Every cluster of the caller's account, as DescribeCluster has it, by name. */
export async function describeAll(eks: EKSClient): Promise<Cluster[]> {
  const names: string[] = []
  for await (const page of paginateListClusters({ client: eks, pageSize: 100 }, {}))
    names.push(...(page.clusters ?? []))
  const clusters: Cluster[] = []
  for (const name of names.sort()) {
    try {
      const { cluster } = await eks.send(new DescribeClusterCommand({ name }))
      if (cluster !== undefined) clusters.push(cluster)
    } catch (error) {
      // Deleted between the two calls.
      if (!isEksError(error, 'ResourceNotFoundException')) throw error
    }
  }
  return clusters
}

/** A simulated cluster is known by its endpoint: names below `invalid` never lead anywhere (RFC 2606). */
export function isSimulated({ endpoint }: Pick<Cluster, 'endpoint'>): boolean {
  return endpoint !== undefined && new URL(endpoint).hostname.endsWith('.invalid')
}

/** What kubectl has to know of a cluster; nothing while it has no endpoint, or one that leads nowhere. */
export function addressOf(cluster: Cluster): ClusterAddress | undefined {
  const { name, endpoint, certificateAuthority } = cluster
  const certificateAuthorityData = certificateAuthority?.data
  if (name === undefined || endpoint === undefined || certificateAuthorityData === undefined) return undefined
  if (isSimulated(cluster)) return undefined
  return { name, endpoint, certificateAuthorityData }
}

export interface SyncContextsOptions {
  readonly access: EksAccess
  readonly stateFolder: string
  readonly launcher: string
  /** Context that becomes the current one where there is none; `demo` when not given. */
  readonly preferred?: string
}

/** Gives the kubeconfig of `env` a context for each cluster of the account that has an endpoint. */
export async function syncContexts(options: SyncContextsOptions): Promise<void> {
  const { access, stateFolder, launcher, preferred = 'demo' } = options
  const eks = connectEks(access)
  try {
    const addresses = (await describeAll(eks)).flatMap((cluster) => addressOf(cluster) ?? [])
    await syncKubeconfig(clientFiles(stateFolder).kubeconfig, addresses, {
      command: { launcher, stateFolder },
      preferred,
    })
  } catch (error) {
    throw explainEksError('list clusters', access.serviceUrl, error)
  } finally {
    eks.destroy()
  }
}
