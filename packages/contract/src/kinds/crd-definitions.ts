import { ClusterSpec, ClusterStatus } from './cluster.ts'
import {
  eitherRule,
  INSTANCE_TYPES_RULE,
  idsRule,
  LABELS_RULES,
  objectNameRule,
  ROLE_ARN_RULE,
  SCALING_RULES,
  SERVICE_CIDR_RULE,
  TAGS_RULE,
  TAINTS_RULES,
  UNCHANGEABLE,
  unchangeable,
} from './crd-rules.ts'
import type { StructuralSchema, ValidationRule } from './crd-schema.ts'
import { NodeGroupSpec, NodeGroupStatus } from './node-group.ts'
import { UpdateSpec, UpdateStatus } from './update.ts'
import { UserSpec } from './user.ts'

export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  readonly description?: string
  /** 0: always shown, 1: with `-o wide`. */
  readonly priority?: 0 | 1
}

/** What a kind is beside its types: how people find and read it, and what no schema can say. */
export interface KindDefinition {
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly description: string
  readonly spec: object
  readonly status?: object
  readonly columns: readonly PrinterColumn[]
  /** Paths of the spec that clients can select on. */
  readonly selectableFields: readonly string[]
  readonly rules: readonly ValidationRule[]
  /** What is added to the schema, by path, such as `spec.tags`. */
  readonly additions: Readonly<Record<string, StructuralSchema>>
}

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }
const CONDITIONS: StructuralSchema = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }

function rules(...given: readonly ValidationRule[]): StructuralSchema {
  return { 'x-kubernetes-validations': given }
}

const CLUSTER: KindDefinition = {
  kind: 'Cluster',
  plural: 'clusters',
  singular: 'cluster',
  // `cl` is Cluster API's.
  shortNames: ['ekc'],
  description: 'A hosted, highly available Kubernetes control plane.',
  spec: ClusterSpec,
  status: ClusterStatus,
  columns: [
    { name: 'EKS Name', type: 'string', jsonPath: '.spec.eksName' },
    { name: 'Version', type: 'string', jsonPath: '.spec.version' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Endpoint', type: 'string', jsonPath: '.status.endpoint' },
    { name: 'Id', type: 'string', jsonPath: '.status.id', priority: 1 },
    { name: 'etcd', type: 'string', jsonPath: '.status.etcdVersion', priority: 1 },
    { name: 'Creator', type: 'string', jsonPath: '.spec.creator', priority: 1 },
    AGE,
  ],
  selectableFields: ['.spec.eksName'],
  rules: [objectNameRule('spec.eksName')],
  additions: {
    // What is left may be changed: deletionProtection, upgradePolicy and tags.
    spec: rules(
      { rule: 'self.eksName == oldSelf.eksName', message: 'eksName cannot be changed', fieldPath: '.eksName' },
      {
        rule: 'self.version == oldSelf.version',
        message: 'version cannot be changed yet: Evenkeel does not offer upgrades so far',
        fieldPath: '.version',
      },
      ...unchangeable([
        'creator',
        'bootstrapClusterCreatorAdminPermissions',
        'kubernetesNetworkConfig',
        'roleArn',
        'subnetIds',
        'securityGroupIds',
        'clientRequestToken',
        'requestDigest',
      ]),
    ),
    'spec.kubernetesNetworkConfig.serviceIpv4Cidr': rules(SERVICE_CIDR_RULE),
    'spec.roleArn': rules(ROLE_ARN_RULE),
    'spec.subnetIds': rules(idsRule('subnet-')),
    'spec.securityGroupIds': rules(idsRule('sg-')),
    'spec.tags': rules(TAGS_RULE),
    'status.conditions': CONDITIONS,
  },
}

const NODE_GROUP: KindDefinition = {
  kind: 'NodeGroup',
  plural: 'nodegroups',
  singular: 'nodegroup',
  shortNames: ['ng', 'ekng'],
  description: 'Nodes of a cluster that are alike, and are kept so.',
  spec: NodeGroupSpec,
  status: NodeGroupStatus,
  columns: [
    { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterName' },
    { name: 'Node Group', type: 'string', jsonPath: '.spec.nodegroupName' },
    { name: 'Release', type: 'string', jsonPath: '.status.releaseVersion' },
    { name: 'Desired', type: 'integer', jsonPath: '.spec.scalingConfig.desiredSize' },
    { name: 'Ready', type: 'integer', jsonPath: '.status.readyCount' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Instance Types', type: 'string', jsonPath: '.spec.instanceTypes', priority: 1 },
    { name: 'Creator', type: 'string', jsonPath: '.spec.creator', priority: 1 },
    AGE,
  ],
  selectableFields: ['.spec.clusterName', '.spec.nodegroupName'],
  rules: [objectNameRule('spec.clusterName', 'spec.nodegroupName')],
  additions: {
    // What is left may be changed: version, scaling, labels, taints, update and repair settings, and tags.
    spec: rules(
      {
        rule: "self.releaseVersion.startsWith(self.version + '.')",
        message: 'releaseVersion must be one of version',
        fieldPath: '.releaseVersion',
      },
      ...unchangeable([
        'clusterName',
        'nodegroupName',
        'instanceTypes',
        'diskSize',
        'capacityType',
        'nodeRole',
        'subnets',
        'creator',
        'clientRequestToken',
        'requestDigest',
      ]),
    ),
    'spec.instanceTypes': rules(INSTANCE_TYPES_RULE),
    'spec.scalingConfig': rules(...SCALING_RULES),
    'spec.labels': rules(...LABELS_RULES),
    'spec.taints': rules(...TAINTS_RULES),
    'spec.updateConfig': rules(eitherRule('maxUnavailable', 'maxUnavailablePercentage', 'one')),
    'spec.nodeRepairConfig': rules(
      eitherRule('maxUnhealthyNodeThresholdCount', 'maxUnhealthyNodeThresholdPercentage', 'at most one'),
      eitherRule('maxParallelNodesRepairedCount', 'maxParallelNodesRepairedPercentage', 'at most one'),
    ),
    'spec.nodeRole': rules(ROLE_ARN_RULE),
    'spec.subnets': rules(idsRule('subnet-')),
    'spec.tags': rules(TAGS_RULE),
    'status.conditions': CONDITIONS,
  },
}

const UPDATE: KindDefinition = {
  kind: 'Update',
  plural: 'updates',
  singular: 'update',
  shortNames: ['ekup'],
  description:
    'One change of a cluster or node group that was accepted, and how far it is. Its name is the EKS update id.',
  spec: UpdateSpec,
  status: UpdateStatus,
  columns: [
    { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterName' },
    { name: 'Node Group', type: 'string', jsonPath: '.spec.nodegroupName' },
    { name: 'Type', type: 'string', jsonPath: '.spec.type' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    AGE,
  ],
  selectableFields: ['.spec.clusterName'],
  rules: [],
  additions: { spec: rules(UNCHANGEABLE), 'status.conditions': CONDITIONS },
}

const USER: KindDefinition = {
  kind: 'User',
  plural: 'users',
  singular: 'user',
  shortNames: ['ekus'],
  description: 'Somebody who may sign requests of the EKS API, in the account whose namespace this is.',
  spec: UserSpec,
  columns: [
    { name: 'User Name', type: 'string', jsonPath: '.spec.userName' },
    { name: 'Access Keys', type: 'string', jsonPath: '.spec.accessKeyIds' },
    AGE,
  ],
  selectableFields: ['.spec.userName'],
  rules: [objectNameRule('spec.userName')],
  additions: {
    'spec.userName': rules(UNCHANGEABLE),
    'spec.accessKeyIds': { 'x-kubernetes-list-type': 'set' },
  },
}

/** Every kind that the home holds for us. */
export const KIND_DEFINITIONS: readonly KindDefinition[] = [CLUSTER, NODE_GROUP, UPDATE, USER]
