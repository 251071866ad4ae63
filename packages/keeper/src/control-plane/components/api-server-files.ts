import type { ClusterKeys } from '../../pki/index.ts'

/** Paths that anybody may ask for. The rest of the API knows who asks. */
const ANONYMOUS_PATHS = ['/livez', '/readyz', '/healthz']

/** `AuthenticationConfiguration` (v1 since 1.34). */
export function authenticationConfiguration(): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [],
    anonymous: { enabled: true, conditions: ANONYMOUS_PATHS.map((path) => ({ path })) },
  }
}

/**
 * `AuthorizationConfiguration` (v1 since 1.32). The home has no nodes, and without their authorizer it needs none of the
 * kinds that the authorizer watches: /readyz waits for its informers.
 */
export function authorizationConfiguration(kind: 'hosted' | 'home'): object {
  const node = { type: 'Node', name: 'node' }
  const rbac = { type: 'RBAC', name: 'rbac' }
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers: kind === 'home' ? [rbac] : [node, rbac],
  }
}

/**
 * Secrets are encrypted from the first write on. secretbox (XSalsa20 and Poly1305), since aescbc has no integrity check
 * and aesgcm needs a new key every 200,000 writes. Without the provider `identity` nothing unencrypted is accepted.
 */
export function encryptionConfiguration({ encryption }: ClusterKeys): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ['secrets'],
        providers: [{ secretbox: { keys: [{ name: encryption.name, secret: encryption.secret }] } }],
      },
    ],
  }
}

/** The way to nodes, pods and webhooks: direct. Rendered from the first day, so that another way is a change of a file. */
export function egressConfiguration(): object {
  const direct = { proxyProtocol: 'Direct' }
  return {
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: ['cluster', 'controlplane', 'etcd'].map((name) => ({ name, connection: direct })),
  }
}
