import type {
  CreateClusterRequest,
  CreateClusterResponse,
  CreateNodegroupRequest,
  CreateNodegroupResponse,
  DeleteClusterRequest,
  DeleteClusterResponse,
  DeleteNodegroupRequest,
  DeleteNodegroupResponse,
  DescribeClusterRequest,
  DescribeClusterResponse,
  DescribeClusterVersionsRequest,
  DescribeClusterVersionsResponse,
  DescribeNodegroupRequest,
  DescribeNodegroupResponse,
  DescribeUpdateRequest,
  DescribeUpdateResponse,
  ListClustersRequest,
  ListClustersResponse,
  ListNodegroupsRequest,
  ListNodegroupsResponse,
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  ListUpdatesRequest,
  ListUpdatesResponse,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
  UpdateClusterConfigRequest,
  UpdateClusterConfigResponse,
  UpdateNodegroupConfigRequest,
  UpdateNodegroupConfigResponse,
  UpdateNodegroupVersionRequest,
  UpdateNodegroupVersionResponse,
} from '@aws-sdk/client-eks'
import type { OperationName } from '@evenkeel/contract/eks'
import type { EksCall } from '../http/index.ts'
import { createCluster } from './cluster-create.ts'
import { deleteCluster } from './cluster-delete.ts'
import { describeCluster, listClusters } from './cluster-read.ts'
import { updateClusterConfig } from './cluster-update.ts'
import { describeClusterVersions } from './cluster-versions.ts'
import type { EksContext } from './context.ts'
import { createNodegroup } from './node-group-create.ts'
import { deleteNodegroup } from './node-group-delete.ts'
import { describeNodegroup, listNodegroups } from './node-group-read.ts'
import { updateNodegroupConfig, updateNodegroupVersion } from './node-group-update.ts'
import { listTagsForResource, tagResource, untagResource } from './tags.ts'
import { describeUpdate, listUpdates } from './update-read.ts'

/** What the offered operations take and answer. */
interface Offered {
  CreateCluster: [CreateClusterRequest, CreateClusterResponse]
  DescribeCluster: [DescribeClusterRequest, DescribeClusterResponse]
  ListClusters: [ListClustersRequest, ListClustersResponse]
  DeleteCluster: [DeleteClusterRequest, DeleteClusterResponse]
  UpdateClusterConfig: [UpdateClusterConfigRequest, UpdateClusterConfigResponse]
  DescribeClusterVersions: [DescribeClusterVersionsRequest, DescribeClusterVersionsResponse]
  CreateNodegroup: [CreateNodegroupRequest, CreateNodegroupResponse]
  DescribeNodegroup: [DescribeNodegroupRequest, DescribeNodegroupResponse]
  ListNodegroups: [ListNodegroupsRequest, ListNodegroupsResponse]
  DeleteNodegroup: [DeleteNodegroupRequest, DeleteNodegroupResponse]
  UpdateNodegroupConfig: [UpdateNodegroupConfigRequest, UpdateNodegroupConfigResponse]
  UpdateNodegroupVersion: [UpdateNodegroupVersionRequest, UpdateNodegroupVersionResponse]
  ListUpdates: [ListUpdatesRequest, ListUpdatesResponse]
  DescribeUpdate: [DescribeUpdateRequest, DescribeUpdateResponse]
  TagResource: [TagResourceRequest, TagResourceResponse]
  UntagResource: [UntagResourceRequest, UntagResourceResponse]
  ListTagsForResource: [ListTagsForResourceRequest, ListTagsForResourceResponse]
}

/** Answers a call: an answer of what is known, or after a write to the home. Throws EksFault. */
export type Handler<Input, Output> = (context: EksContext, call: EksCall<Input>) => Output | Promise<Output>

const HANDLERS: { readonly [Name in keyof Offered]: Handler<Offered[Name][0], Offered[Name][1]> } = {
  CreateCluster: createCluster,
  DescribeCluster: describeCluster,
  ListClusters: listClusters,
  DeleteCluster: deleteCluster,
  UpdateClusterConfig: updateClusterConfig,
  DescribeClusterVersions: describeClusterVersions,
  CreateNodegroup: createNodegroup,
  DescribeNodegroup: describeNodegroup,
  ListNodegroups: listNodegroups,
  DeleteNodegroup: deleteNodegroup,
  UpdateNodegroupConfig: updateNodegroupConfig,
  UpdateNodegroupVersion: updateNodegroupVersion,
  ListUpdates: listUpdates,
  DescribeUpdate: describeUpdate,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
}

export type OfferedOperation = keyof Offered

export const OFFERED_OPERATIONS = Object.keys(HANDLERS) as readonly OfferedOperation[]

export function isOffered(operation: OperationName): operation is OfferedOperation {
  return Object.hasOwn(HANDLERS, operation)
}

/** The handler of an operation for calls whose parameters were read by the operation's schema, and are of its types. */
export function handlerOf(operation: OfferedOperation): Handler<Readonly<Record<string, unknown>>, object> {
  return HANDLERS[operation] as Handler<unknown, object>
}
