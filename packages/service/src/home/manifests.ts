import { accountNamespaceObject } from '@evenkeel/contract/identity'
import {
  ACCOUNT_ADMIN_ROLE,
  GROUP,
  IDENTITY_NAMESPACE,
  KEEPER_IDENTITY,
  type KubeObject,
  type PolicyRule,
  role,
  roleBinding,
  SERVICE_IDENTITY,
  SIGNING_KEY_NAMESPACE,
  subjectsOf,
} from '@evenkeel/contract/kinds'

/** An account that nobody signs for: where we ask the home what it would do. */
export const SYSTEM_ACCOUNT_ID = '000000000000'

const READ = ['get', 'list', 'watch'] as const

/** Kinds that an account's master may write; each also names what its operations ask for (see `operation-access.ts`). */
const ACCOUNT_RESOURCES = ['clusters', 'nodegroups', 'updates', 'releases']

/** The namespaces and roles of a home, in the order in which they can be made. */
export function homeManifests(): readonly KubeObject[] {
  return [
    namespace(IDENTITY_NAMESPACE),
    namespace(SIGNING_KEY_NAMESPACE),
    accountNamespaceObject(SYSTEM_ACCOUNT_ID),
    role({ name: ACCOUNT_ADMIN_ROLE }, [
      {
        apiGroups: [GROUP],
        resources: ACCOUNT_RESOURCES,
        verbs: [...READ, 'create', 'update', 'patch', 'delete', 'deletecollection'],
      },
    ]),
    ...keeperRights(),
    ...serviceSecretRights(),
  ]
}

function keeperRights(): readonly KubeObject[] {
  const name = 'evenkeel-keeper'
  const subjects = subjectsOf(KEEPER_IDENTITY)
  return [
    role({ name }, [
      // Patch for finalizers alone: an admission policy holds keepers off specs.
      { apiGroups: [GROUP], resources: ['clusters', 'nodegroups'], verbs: [...READ, 'patch'] },
      { apiGroups: [GROUP], resources: ['clusters/status', 'nodegroups/status'], verbs: ['get', 'patch', 'update'] },
      { apiGroups: [GROUP], resources: ['updates'], verbs: READ },
      { apiGroups: [GROUP], resources: ['updates/status'], verbs: ['get', 'patch', 'update'] },
    ]),
    roleBinding({ name }, { role: { name, isOfCluster: true }, subjects }),
    ...namespaceRights(SIGNING_KEY_NAMESPACE, {
      name,
      subjects,
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: READ }],
    }),
  ]
}

function serviceSecretRights(): readonly KubeObject[] {
  const common = { name: 'evenkeel-service', subjects: subjectsOf(SERVICE_IDENTITY) }
  const secrets = (verbs: readonly string[]) => [{ apiGroups: [''], resources: ['secrets'], verbs }]
  return [
    ...namespaceRights(IDENTITY_NAMESPACE, { ...common, rules: secrets(READ) }),
    ...namespaceRights(SIGNING_KEY_NAMESPACE, {
      ...common,
      rules: secrets([...READ, 'create', 'update', 'patch', 'delete']),
    }),
  ]
}

function namespaceRights(
  namespace: string,
  rights: {
    readonly name: string
    readonly subjects: ReturnType<typeof subjectsOf>
    readonly rules: readonly PolicyRule[]
  },
): readonly KubeObject[] {
  const { name, subjects, rules } = rights
  return [
    role({ name, namespace }, rules),
    roleBinding({ name, namespace }, { role: { name, isOfCluster: false }, subjects }),
  ]
}

function namespace(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'app.kubernetes.io/part-of': 'evenkeel' } },
  }
}
