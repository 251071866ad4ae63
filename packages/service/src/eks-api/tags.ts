import type * as Eks from '@aws-sdk/client-eks'
import { EksFault, parseArn } from '@evenkeel/contract/eks'
import { CLUSTERS, type Cluster } from '@evenkeel/contract/kinds'
import type { EksCall } from '../http/index.ts'
import { findCluster, readCluster } from './cluster-find.ts'
import { clusterPlace, type EksContext, impersonation } from './context.ts'
import { atHome } from './home-fault.ts'
import { MOST_TAGS, tagComplaints } from './tag-rules.ts'

export async function listTagsForResource(
  context: EksContext,
  call: EksCall<Eks.ListTagsForResourceRequest>,
): Promise<Eks.ListTagsForResourceResponse> {
  const cluster = await findCluster(context, call, clusterOfArn(context, call))
  return { tags: cluster.spec.tags ?? {} }
}

/** Adds tags, or gives those that are there new values; others stay. */
export async function tagResource(
  context: EksContext,
  call: EksCall<Eks.TagResourceRequest>,
): Promise<Eks.TagResourceResponse> {
  const { tags = {} } = call.input
  const clusterName = clusterOfArn(context, call)
  const complaints = tagComplaints(tags)
  if (complaints.length > 0) throw new EksFault('BadRequestException', `${complaints.join('; ')}.`)
  // Not from the view: another process may have tagged it a moment ago. The kind's own bound has the last word.
  const cluster = await readCluster(context, call, clusterName)
  const count = Object.keys({ ...cluster.spec.tags, ...tags }).length
  if (count > MOST_TAGS) {
    throw new EksFault(
      'BadRequestException',
      `The cluster "${clusterName}" would have ${count} tags, and ${MOST_TAGS} is the most.`,
    )
  }
  await patchTags(context, call, { clusterName, tags })
  return {}
}

export async function untagResource(
  context: EksContext,
  call: EksCall<Eks.UntagResourceRequest>,
): Promise<Eks.UntagResourceResponse> {
  const clusterName = clusterOfArn(context, call)
  await findCluster(context, call, clusterName)
  const { tagKeys = [] } = call.input
  await patchTags(context, call, { clusterName, tags: Object.fromEntries(tagKeys.map((key) => [key, null])) })
  return {}
}

/** A merge patch: null removes a tag, and two calls at once for different tags both hold. */
async function patchTags(
  context: EksContext,
  call: EksCall<unknown>,
  { clusterName, tags }: { readonly clusterName: string; readonly tags: Readonly<Record<string, string | null>> },
): Promise<void> {
  const { operation, caller } = call
  const cluster = await atHome(
    { operation, clusterName, deed: `change the tags of the cluster "${clusterName}"` },
    () =>
      context.client.mergePatch<Cluster>(CLUSTERS, {
        ...clusterPlace(caller, clusterName),
        patch: { spec: { tags } },
        impersonate: impersonation(caller),
      }),
  )
  context.clusters.remember(cluster)
}

/** Throws EksFault where the ARN is not that of a cluster which could be here. */
function clusterOfArn({ region }: EksContext, { caller, input }: EksCall<{ resourceArn: string | undefined }>): string {
  const { resourceArn = '' } = input
  const arn = parseArn(resourceArn)
  const quoted = JSON.stringify(resourceArn.slice(0, 200))
  if (arn === undefined || arn.service !== 'eks') {
    throw new EksFault('BadRequestException', `resourceArn must be an ARN of EKS, not ${quoted}.`)
  }
  const [kind, clusterName, ...rest] = arn.resource.split('/')
  const isHere = arn.region === region && arn.accountId === caller.accountId
  if (!isHere || kind !== 'cluster' || !clusterName || rest.length > 0) {
    throw new EksFault(
      'NotFoundException',
      `There is no resource ${quoted} in account ${caller.accountId} and region ${region}.`,
    )
  }
  return clusterName
}
