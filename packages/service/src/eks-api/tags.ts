import type * as Eks from '@aws-sdk/client-eks'
import { EksFault, parseArn } from '@evenkeel/contract/eks'
import { CLUSTERS, NODE_GROUPS } from '@evenkeel/contract/kinds'
import type { EksCall } from '../http/index.ts'
import { findCluster, readCluster } from './cluster-find.ts'
import { type EksContext, impersonation } from './context.ts'
import { atHome } from './home-fault.ts'
import { findNodeGroup, type NodeGroupNames, readNodeGroup } from './node-group-find.ts'
import { MOST_TAGS, tagComplaints } from './tag-rules.ts'
import { eksNamesOf, isNodeGroup, subjectOf, type Updatable } from './updatable.ts'

/** What an ARN names. */
type Named =
  | { readonly kind: 'cluster'; readonly clusterName: string }
  | ({ readonly kind: 'nodegroup'; readonly uid: string } & NodeGroupNames)

export async function listTagsForResource(
  context: EksContext,
  call: EksCall<Eks.ListTagsForResourceRequest>,
): Promise<Eks.ListTagsForResourceResponse> {
  const tagged = await find(context, call, readArn(context, call))
  return { tags: tagged.spec.tags ?? {} }
}

/** Adds tags, or gives those that are there new values; others stay. */
export async function tagResource(
  context: EksContext,
  call: EksCall<Eks.TagResourceRequest>,
): Promise<Eks.TagResourceResponse> {
  const { tags = {} } = call.input
  const named = readArn(context, call)
  const complaints = tagComplaints(tags)
  if (complaints.length > 0) throw new EksFault('BadRequestException', `${complaints.join('; ')}.`)
  // Not from the view: another process may have tagged it a moment ago. The kind's own bound has the last word.
  const tagged = await read(context, call, named)
  const count = Object.keys({ ...tagged.spec.tags, ...tags }).length
  if (count > MOST_TAGS) {
    throw new EksFault(
      'BadRequestException',
      `${subjectOf(tagged)} would have ${count} tags, and ${MOST_TAGS} is the most.`,
    )
  }
  await patchTags(context, call, { tagged, tags })
  return {}
}

export async function untagResource(
  context: EksContext,
  call: EksCall<Eks.UntagResourceRequest>,
): Promise<Eks.UntagResourceResponse> {
  const tagged = await find(context, call, readArn(context, call))
  const { tagKeys = [] } = call.input
  await patchTags(context, call, { tagged, tags: Object.fromEntries(tagKeys.map((key) => [key, null])) })
  return {}
}

/** A merge patch: null removes a tag, and two calls at once for different tags both hold. */
async function patchTags(
  context: EksContext,
  { operation, caller }: EksCall<unknown>,
  { tagged, tags }: { readonly tagged: Updatable; readonly tags: Readonly<Record<string, string | null>> },
): Promise<void> {
  const { name, namespace = '' } = tagged.metadata
  const deed = `change the tags of ${subjectOf(tagged).replace(/^The/, 'the')}`
  const options = { namespace, name, patch: { spec: { tags } }, impersonate: impersonation(caller) }
  await atHome({ operation, ...eksNamesOf(tagged), deed }, async () => {
    if (isNodeGroup(tagged)) {
      context.nodeGroups.remember(await context.client.mergePatch(NODE_GROUPS, options))
    } else {
      context.clusters.remember(await context.client.mergePatch(CLUSTERS, options))
    }
  })
}

async function find(context: EksContext, call: EksCall<unknown>, named: Named): Promise<Updatable> {
  if (named.kind === 'cluster') return await findCluster(context, call, named.clusterName)
  return requireUid(await findNodeGroup(context, call, named), named.uid)
}

/** As the home has it now. */
async function read(context: EksContext, call: EksCall<unknown>, named: Named): Promise<Updatable> {
  if (named.kind === 'cluster') return await readCluster(context, call, named.clusterName)
  return requireUid(await readNodeGroup(context, call, named), named.uid)
}

/** The ARN of a node group is not that of another one which was made again under its name. */
function requireUid<T extends Updatable>(owner: T, uid: string): T {
  if (owner.metadata.uid === uid) return owner
  throw new EksFault('NotFoundException', `${subjectOf(owner)} has another ARN: describe it to see which.`)
}

/** Throws EksFault where the ARN is not that of something which could be here. */
function readArn({ region }: EksContext, { caller, input }: EksCall<{ resourceArn: string | undefined }>): Named {
  const { resourceArn = '' } = input
  const arn = parseArn(resourceArn)
  const quoted = JSON.stringify(resourceArn.slice(0, 200))
  if (arn === undefined || arn.service !== 'eks') {
    throw new EksFault('BadRequestException', `resourceArn must be an ARN of EKS, not ${quoted}.`)
  }
  const [kind, clusterName = '', nodegroupName = '', uid = '', ...rest] = arn.resource.split('/')
  if (arn.region === region && arn.accountId === caller.accountId && clusterName !== '' && rest.length === 0) {
    if (kind === 'cluster' && nodegroupName === '') return { kind, clusterName }
    if (kind === 'nodegroup' && nodegroupName !== '' && uid !== '') return { kind, clusterName, nodegroupName, uid }
  }
  throw new EksFault(
    'NotFoundException',
    `There is no resource ${quoted} in account ${caller.accountId} and region ${region}.`,
  )
}
