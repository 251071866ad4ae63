import { GROUP, type KubeObject } from './object.ts'

/** As whom our programs reach the home: common name and organization of their client certificates. */
export const SERVICE_IDENTITY = { user: 'evenkeel:service', group: 'evenkeel:services' } as const
export const KEEPER_IDENTITY = { user: 'evenkeel:keeper', group: 'evenkeel:keepers' } as const

/** Group that every caller of the EKS API acts with; it has no rights of its own. */
export const CALLER_GROUP = 'evenkeel:users'

/** ClusterRole that makes somebody the master of an account: bound within the namespace of the account. */
export const ACCOUNT_ADMIN_ROLE = 'evenkeel-account-admin'

const RBAC_VERSION = 'rbac.authorization.k8s.io/v1'
const RBAC_GROUP = 'rbac.authorization.k8s.io'
const LABELS = { 'app.kubernetes.io/part-of': 'evenkeel' }

/** One rule of a role (rbac.authorization.k8s.io/v1). */
export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export interface Role extends KubeObject {
  kind: 'ClusterRole' | 'Role'
  rules: readonly PolicyRule[]
}

export interface RoleBinding extends KubeObject {
  kind: 'ClusterRoleBinding' | 'RoleBinding'
  roleRef: { readonly apiGroup: string; readonly kind: 'ClusterRole' | 'Role'; readonly name: string }
  subjects: readonly { readonly apiGroup: string; readonly kind: 'User' | 'Group'; readonly name: string }[]
}

export interface RoleIdentity {
  readonly name: string
  /** None: for the whole home. */
  readonly namespace?: string
}

export function role({ name, namespace }: RoleIdentity, rules: readonly PolicyRule[]): Role {
  const metadata = { name, labels: LABELS, ...(namespace === undefined ? {} : { namespace }) }
  return { apiVersion: RBAC_VERSION, kind: namespace === undefined ? 'ClusterRole' : 'Role', metadata, rules }
}

export function roleBinding(
  { name, namespace }: RoleIdentity,
  binding: {
    /** A Role of the same namespace when not given `cluster`. */
    readonly role: { readonly name: string; readonly isOfCluster: boolean }
    readonly subjects: readonly { readonly kind: 'User' | 'Group'; readonly name: string }[]
  },
): RoleBinding {
  return {
    apiVersion: RBAC_VERSION,
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name, labels: LABELS, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: RBAC_GROUP, kind: binding.role.isOfCluster ? 'ClusterRole' : 'Role', name: binding.role.name },
    subjects: binding.subjects.map((subject) => ({ apiGroup: RBAC_GROUP, ...subject })),
  }
}

/** Both names of one of our programs. */
export function subjectsOf(identity: { readonly user: string; readonly group: string }) {
  return [
    { kind: 'User' as const, name: identity.user },
    { kind: 'Group' as const, name: identity.group },
  ]
}

/**
 * What the service must be granted before its first start, by whoever made the home: to install everything else there,
 * and to write as its callers. It may write roles (`escalate`, `bind`), so it is to be trusted like the home's owner;
 * what it may not is to act as one of the groups that Kubernetes itself trusts.
 */
export function serviceRights(): readonly KubeObject[] {
  const name = 'evenkeel-service'
  return [
    role({ name }, serviceRules()),
    roleBinding({ name }, { role: { name, isOfCluster: true }, subjects: subjectsOf(SERVICE_IDENTITY) }),
  ]
}

function serviceRules(): readonly PolicyRule[] {
  return [
    { apiGroups: [GROUP], resources: ['*'], verbs: ['*'] },
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'],
    },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: [
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
      ],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'],
    },
    {
      apiGroups: [RBAC_GROUP],
      resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'escalate', 'bind'],
    },
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'] },
    { apiGroups: [''], resources: ['users'], verbs: ['impersonate'] },
    { apiGroups: [''], resources: ['groups'], resourceNames: [CALLER_GROUP], verbs: ['impersonate'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ]
}

/**
 * What the identity of an external home's kubeconfig has to be allowed: to be the service and the command line, to act
 * as the keeper, and to remove what they have made.
 */
export function externalHomeRules(): readonly PolicyRule[] {
  const removable: readonly (readonly [apiGroup: string, resources: readonly string[]])[] = [
    ['apiextensions.k8s.io', ['customresourcedefinitions']],
    [
      'admissionregistration.k8s.io',
      [
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
      ],
    ],
    [RBAC_GROUP, ['clusterroles', 'clusterrolebindings']],
    ['', ['namespaces']],
  ]
  return [
    ...serviceRules(),
    {
      apiGroups: [''],
      resources: ['secrets'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
    },
    { apiGroups: [''], resources: ['groups'], resourceNames: [KEEPER_IDENTITY.group], verbs: ['impersonate'] },
    ...removable.map(([apiGroup, resources]) => ({ apiGroups: [apiGroup], resources, verbs: ['delete'] })),
  ]
}
