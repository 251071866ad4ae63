import { clusterNameOf, type OperationName, parseArn } from '@evenkeel/contract/eks'

/** What a caller must be allowed at the home for an operation. */
export interface AccessNeed {
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'delete'
  /** Plural of a kind of group `evenkeel.dev`, in the namespace of the caller's account. */
  readonly resource: string
  /** The EKS name that the need is limited to: that of the cluster which everything else belongs to. */
  readonly clusterName?: string | undefined
}

/** Kinds of things that operations are about, and by which resource of the home access to them is given. */
type Subject = readonly [verb: AccessNeed['verb'], resource: string]

const changeCluster: readonly Subject[] = [['patch', 'clusters']]
const updateCluster: readonly Subject[] = [
  ['patch', 'clusters'],
  ['create', 'updates'],
]
const updateNodeGroup: readonly Subject[] = [
  ['patch', 'nodegroups'],
  ['create', 'updates'],
]

/** One table for all operations: what the caller must be allowed at the home. */
const TABLE: Readonly<Record<OperationName, readonly Subject[]>> = {
  CreateCluster: [['create', 'clusters']],
  DescribeCluster: [['get', 'clusters']],
  ListClusters: [['list', 'clusters']],
  DeleteCluster: [['delete', 'clusters']],
  UpdateClusterConfig: updateCluster,
  UpdateClusterVersion: updateCluster,
  AssociateEncryptionConfig: updateCluster,
  DescribeClusterVersions: [['list', 'releases']],

  ListUpdates: [['list', 'updates']],
  DescribeUpdate: [['get', 'updates']],
  CancelUpdate: [['patch', 'updates']],

  TagResource: changeCluster,
  UntagResource: changeCluster,
  ListTagsForResource: [['get', 'clusters']],

  CreateNodegroup: [['create', 'nodegroups']],
  DescribeNodegroup: [['get', 'nodegroups']],
  ListNodegroups: [['list', 'nodegroups']],
  DeleteNodegroup: [['delete', 'nodegroups']],
  UpdateNodegroupConfig: updateNodeGroup,
  UpdateNodegroupVersion: updateNodeGroup,

  CreateFargateProfile: [['create', 'fargateprofiles']],
  DescribeFargateProfile: [['get', 'fargateprofiles']],
  ListFargateProfiles: [['list', 'fargateprofiles']],
  DeleteFargateProfile: [['delete', 'fargateprofiles']],

  CreateAddon: [['create', 'addons']],
  DescribeAddon: [['get', 'addons']],
  ListAddons: [['list', 'addons']],
  UpdateAddon: [['patch', 'addons']],
  DeleteAddon: [['delete', 'addons']],
  DescribeAddonVersions: [['list', 'releases']],
  DescribeAddonConfiguration: [['list', 'releases']],

  CreateAccessEntry: [['create', 'accessentries']],
  DescribeAccessEntry: [['get', 'accessentries']],
  ListAccessEntries: [['list', 'accessentries']],
  UpdateAccessEntry: [['patch', 'accessentries']],
  DeleteAccessEntry: [['delete', 'accessentries']],
  ListAccessPolicies: [['list', 'accesspolicies']],
  AssociateAccessPolicy: [['patch', 'accessentries']],
  ListAssociatedAccessPolicies: [['get', 'accessentries']],
  DisassociateAccessPolicy: [['patch', 'accessentries']],

  AssociateIdentityProviderConfig: [['create', 'identityproviderconfigs']],
  DescribeIdentityProviderConfig: [['get', 'identityproviderconfigs']],
  ListIdentityProviderConfigs: [['list', 'identityproviderconfigs']],
  DisassociateIdentityProviderConfig: [['delete', 'identityproviderconfigs']],

  CreatePodIdentityAssociation: [['create', 'podidentityassociations']],
  DescribePodIdentityAssociation: [['get', 'podidentityassociations']],
  ListPodIdentityAssociations: [['list', 'podidentityassociations']],
  UpdatePodIdentityAssociation: [['patch', 'podidentityassociations']],
  DeletePodIdentityAssociation: [['delete', 'podidentityassociations']],

  ListInsights: [['list', 'insights']],
  DescribeInsight: [['get', 'insights']],
  StartInsightsRefresh: [['create', 'insightsrefreshes']],
  DescribeInsightsRefresh: [['get', 'insightsrefreshes']],

  CreateCapability: [['create', 'capabilities']],
  DescribeCapability: [['get', 'capabilities']],
  ListCapabilities: [['list', 'capabilities']],
  UpdateCapability: [['patch', 'capabilities']],
  DeleteCapability: [['delete', 'capabilities']],

  CreateCertificateAuthority: [['create', 'certificateauthorities']],
  DescribeCertificateAuthority: [['get', 'certificateauthorities']],
  ListCertificateAuthorities: [['list', 'certificateauthorities']],
  ActivateCertificateAuthority: [['patch', 'certificateauthorities']],
  DeleteCertificateAuthority: [['delete', 'certificateauthorities']],

  CreateEksAnywhereSubscription: [['create', 'subscriptions']],
  DescribeEksAnywhereSubscription: [['get', 'subscriptions']],
  ListEksAnywhereSubscriptions: [['list', 'subscriptions']],
  UpdateEksAnywhereSubscription: [['patch', 'subscriptions']],
  DeleteEksAnywhereSubscription: [['delete', 'subscriptions']],

  RegisterCluster: [['create', 'registrations']],
  DeregisterCluster: [['delete', 'registrations']],
}

/** What the caller must be allowed, all of it, for this call. */
export function accessNeeds(operation: OperationName, input: Readonly<Record<string, unknown>>): readonly AccessNeed[] {
  const clusterName = clusterNameOf(input)
  return TABLE[operation].map(([verb, ofTable]) => {
    // Tags are those of whatever the ARN names.
    const resource = ofTable === 'clusters' && isOfNodeGroup(input['resourceArn']) ? 'nodegroups' : ofTable
    // A role cannot be limited to the name of what does not exist yet.
    const isLimited = verb !== 'create' && verb !== 'list' && resource === 'clusters'
    return { verb, resource, clusterName: isLimited ? clusterName : undefined }
  })
}

function isOfNodeGroup(arn: unknown): boolean {
  return typeof arn === 'string' && (parseArn(arn)?.resource.startsWith('nodegroup/') ?? false)
}
