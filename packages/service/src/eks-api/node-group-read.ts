import type * as Eks from '@aws-sdk/client-eks'
import type { EksCall } from '../http/index.ts'
import { findCluster } from './cluster-find.ts'
import type { EksContext } from './context.ts'
import { findNodeGroup, namesOf, nodeGroupsOf } from './node-group-find.ts'
import { nodeGroupView } from './node-group-view.ts'
import { pageOf } from './page.ts'

export async function describeNodegroup(
  context: EksContext,
  call: EksCall<Eks.DescribeNodegroupRequest>,
): Promise<Eks.DescribeNodegroupResponse> {
  const group = await findNodeGroup(context, call, namesOf(call.input))
  return { nodegroup: nodeGroupView(group, context, call.caller) }
}

export async function listNodegroups(
  context: EksContext,
  call: EksCall<Eks.ListNodegroupsRequest>,
): Promise<Eks.ListNodegroupsResponse> {
  const { clusterName = '' } = call.input
  await findCluster(context, call, clusterName)
  const names = nodeGroupsOf(context, call.caller, clusterName).map(({ spec }) => spec.nodegroupName)
  const { items, nextToken } = pageOf(call, names, { keyOf: (name) => name })
  return { nodegroups: [...items], nextToken }
}
