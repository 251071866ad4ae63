/**
 * Kinds of workloads: the home runs none, has no controllers for them, and is smaller without. What stays: core,
 * rbac, admissionregistration, apiextensions, apiregistration, authentication, authorization, coordination, discovery,
 * events, certificates, flowcontrol, networking (for the Service `kubernetes`).
 */
const DISABLED_GROUPS = [
  'apps/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'node.k8s.io/v1',
  'policy/v1',
  'resource.k8s.io/v1',
  'scheduling.k8s.io/v1',
  'storage.k8s.io/v1',
]

/** Checks about pods, volumes, quotas and service accounts: there are none, and no controllers that would serve them. */
const DISABLED_ADMISSION = [
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'ClusterTrustBundleAttest',
  'DefaultIngressClass',
  'DefaultStorageClass',
  'DefaultTolerationSeconds',
  'LimitRanger',
  'PersistentVolumeClaimResize',
  'PodSecurity',
  'Priority',
  'ResourceQuota',
  'RuntimeClass',
  'ServiceAccount',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
]

/** Flags of the installation's own API server, beyond those of every one. */
export function homeFlags() {
  return {
    'disable-admission-plugins': DISABLED_ADMISSION,
    'runtime-config': DISABLED_GROUPS.map((group) => `${group}=false`),
  }
}
