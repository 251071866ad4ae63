import type { KubeObject } from '@evenkeel/contract/kinds'
import { CLUSTER_ROLE_BINDINGS, ENDPOINT_SLICES, ENDPOINTS, type ResourceRef } from '@evenkeel/kernel'
import type { NetworkPlan } from '@evenkeel/substrate'
import { KUBELET_CLIENT_NAME } from './leaf-plan.ts'

/** An object of a hosted cluster that keepers keep, and where its API has it. */
export interface ClusterObject {
  readonly resource: ResourceRef
  readonly object: KubeObject & Readonly<Record<string, unknown>>
}

/**
 * What a cluster with nodes has to hold for them: where the Service `kubernetes` leads, and what API servers may ask of
 * kubelets (logs, exec, metrics). Pure.
 */
export function clusterObjects({ nodes }: NetworkPlan): readonly ClusterObject[] {
  if (nodes === undefined) {
    return []
  }
  const { host, port } = nodes.endpoint
  const kubernetes = { name: 'kubernetes', namespace: 'default' }
  return [
    {
      resource: ENDPOINT_SLICES,
      object: {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...kubernetes, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [host], conditions: { ready: true } }],
        ports: [{ name: 'https', port, protocol: 'TCP' }],
      },
    },
    {
      // For those who still read it, and not to be made into a second slice: as upstream's reconcilers write it.
      resource: ENDPOINTS,
      object: {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { ...kubernetes, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
        subsets: [{ addresses: [{ ip: host }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
      },
    },
    {
      resource: CLUSTER_ROLE_BINDINGS,
      object: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'evenkeel:kubelet-api-admin' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:kubelet-api-admin' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: KUBELET_CLIENT_NAME }],
      },
    },
  ]
}

/** Whether what the API has says all that `wanted` says: it adds defaults of its own. */
export function isAsWanted(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) && found.length === wanted.length && wanted.every((each, at) => isAsWanted(found[at], each))
    )
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const members = Object.entries(wanted)
    return (
      typeof found === 'object' &&
      found !== null &&
      members.every(([name, value]) => isAsWanted((found as Record<string, unknown>)[name], value))
    )
  }
  return found === wanted
}
