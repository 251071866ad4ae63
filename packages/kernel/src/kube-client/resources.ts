import type { KubeObject } from '@evenkeel/contract/kinds'

/** Names a kind of the Kubernetes API by its place in URLs. */
export interface ResourceRef {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespaced: boolean
}

export interface ResourceTarget {
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  /** Such as `status`. */
  readonly subresource?: string | undefined
}

/** The path of a resource's objects, of one of them, or of a subresource of one. No namespace: all namespaces. */
export function resourcePath(resource: ResourceRef, target: ResourceTarget = {}): string {
  const { group, version, plural, namespaced } = resource
  const parts = group === '' ? ['api', version] : ['apis', group, version]
  if (namespaced && target.namespace !== undefined) {
    parts.push('namespaces', target.namespace)
  } else if (namespaced && target.name !== undefined) {
    throw new Error(`${plural} "${target.name}" needs a namespace: pass one`)
  }
  parts.push(plural)
  if (target.name !== undefined) {
    parts.push(target.name)
    if (target.subresource !== undefined) {
      parts.push(target.subresource)
    }
  }
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new Error(`a name or namespace of ${plural} is empty or made of dots alone: pass a valid object name`)
  }
  return `/${parts.map(encodeURIComponent).join('/')}`
}

const core = { group: '', version: 'v1' }
export const NAMESPACES: ResourceRef = { ...core, plural: 'namespaces', namespaced: false }
export const SECRETS: ResourceRef = { ...core, plural: 'secrets', namespaced: true }
export const CONFIG_MAPS: ResourceRef = { ...core, plural: 'configmaps', namespaced: true }
export const SERVICE_ACCOUNTS: ResourceRef = { ...core, plural: 'serviceaccounts', namespaced: true }

export const ENDPOINTS: ResourceRef = { ...core, plural: 'endpoints', namespaced: true }
export const ENDPOINT_SLICES: ResourceRef = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  namespaced: true,
}

export const CUSTOM_RESOURCE_DEFINITIONS: ResourceRef = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
}

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' }
export const ROLES: ResourceRef = { ...rbac, plural: 'roles', namespaced: true }
export const ROLE_BINDINGS: ResourceRef = { ...rbac, plural: 'rolebindings', namespaced: true }
export const CLUSTER_ROLES: ResourceRef = { ...rbac, plural: 'clusterroles', namespaced: false }
export const CLUSTER_ROLE_BINDINGS: ResourceRef = { ...rbac, plural: 'clusterrolebindings', namespaced: false }

const admission = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false }
export const VALIDATING_ADMISSION_POLICIES: ResourceRef = { ...admission, plural: 'validatingadmissionpolicies' }
export const VALIDATING_ADMISSION_POLICY_BINDINGS: ResourceRef = {
  ...admission,
  plural: 'validatingadmissionpolicybindings',
}
/** Generally available since Kubernetes 1.36. */
export const MUTATING_ADMISSION_POLICIES: ResourceRef = { ...admission, plural: 'mutatingadmissionpolicies' }
export const MUTATING_ADMISSION_POLICY_BINDINGS: ResourceRef = {
  ...admission,
  plural: 'mutatingadmissionpolicybindings',
}

export interface Secret extends KubeObject {
  kind: 'Secret'
  type?: string
  /** Values in base64. */
  data?: Record<string, string>
  /** Values as they are; written only, never read back. */
  stringData?: Record<string, string>
}

export interface Namespace extends KubeObject {
  kind: 'Namespace'
  status?: { phase?: 'Active' | 'Terminating' }
}
