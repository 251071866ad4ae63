import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import { accountNamespace, objectName } from '@evenkeel/contract/kinds'
import type { EksCall } from '../http/index.ts'
import { findCluster } from './cluster-find.ts'
import { clusterView } from './cluster-view.ts'
import type { EksContext } from './context.ts'
import { pageOf } from './page.ts'

export async function describeCluster(
  context: EksContext,
  call: EksCall<Eks.DescribeClusterRequest>,
): Promise<Eks.DescribeClusterResponse> {
  const cluster = await findCluster(context, call, call.input.name ?? '')
  return { cluster: clusterView(cluster, context, call.caller) }
}

export function listClusters(context: EksContext, call: EksCall<Eks.ListClustersRequest>): Eks.ListClustersResponse {
  // `all` adds clusters of EKS Connector, of which there are none.
  const unknown = call.input.include?.find((one) => one !== 'all')
  if (unknown !== undefined) {
    throw new EksFault(
      'InvalidParameterException',
      `include knows "all" and nothing else, not ${JSON.stringify(unknown)}.`,
    )
  }
  const names = context.clusters
    .list(accountNamespace(call.caller.accountId))
    // Whoever owns the home can make an object by another name; no other call would find what it claims to be.
    .filter(({ metadata, spec }) => metadata.name === objectName(spec.eksName))
    .map(({ spec }) => spec.eksName)
  const { items, nextToken } = pageOf(call, names, { keyOf: (name) => name })
  return { clusters: [...items], nextToken }
}
