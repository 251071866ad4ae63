import Type from 'typebox'
import { Condition } from './condition.ts'

const Tags = Type.Record(Type.String(), Type.String({ maxLength: 256 }), { maxProperties: 50 })

/** What somebody wants of a hosted cluster. Members that EKS has carry EKS's names and values. */
export const ClusterSpec = Type.Object({
  /** The EKS name: 1 to 100 characters. `metadata.name` is derived from it by `objectName`. Immutable, selectable. */
  eksName: Type.String({ minLength: 1, maxLength: 100, pattern: '^[0-9A-Za-z][A-Za-z0-9\\-_]*$' }),
  /** Kubernetes minor, such as "1.37". */
  version: Type.String({ pattern: '^1\\.[1-9][0-9]+$' }),
  /** ARN (or home user name) of who made it, set by admission from the request's userInfo. Immutable. */
  creator: Type.Optional(Type.String({ maxLength: 2048 })),
  bootstrapClusterCreatorAdminPermissions: Type.Optional(Type.Boolean({ default: true })),
  deletionProtection: Type.Optional(Type.Boolean({ default: false })),
  upgradePolicy: Type.Optional(
    Type.Object(
      { supportType: Type.Union([Type.Literal('STANDARD'), Type.Literal('EXTENDED')], { default: 'EXTENDED' }) },
      { default: { supportType: 'EXTENDED' } },
    ),
  ),
  kubernetesNetworkConfig: Type.Optional(
    Type.Object(
      { serviceIpv4Cidr: Type.String({ maxLength: 18, default: '10.100.0.0/16' }) },
      { default: { serviceIpv4Cidr: '10.100.0.0/16' } },
    ),
  ),
  /** Kept for EKS's clients, without effect here. */
  roleArn: Type.Optional(Type.String({ maxLength: 2048 })),
  subnetIds: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64 })),
  securityGroupIds: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64 })),
  tags: Type.Optional(Tags),
  /** Idempotency token of the create, and a digest of what was asked with it. */
  clientRequestToken: Type.Optional(Type.String({ maxLength: 256 })),
  requestDigest: Type.Optional(Type.String({ maxLength: 128 })),
})
export type ClusterSpec = Type.Static<typeof ClusterSpec>

/** EKS's word for where a cluster stands. */
export const ClusterPhase = Type.Union(
  (['CREATING', 'ACTIVE', 'DELETING', 'FAILED', 'UPDATING', 'PENDING'] as const).map((phase) => Type.Literal(phase)),
)
export type ClusterPhase = 'CREATING' | 'ACTIVE' | 'DELETING' | 'FAILED' | 'UPDATING' | 'PENDING'

/** One thing that is wrong with a cluster, with EKS's codes (`ClusterIssueCode`). */
export const HealthIssue = Type.Object({
  code: Type.String({ maxLength: 64 }),
  message: Type.String({ maxLength: 4096 }),
  resourceIds: Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64 }),
})
export type HealthIssue = Type.Static<typeof HealthIssue>

/** One running part of a control plane, as coarse as a person wants it: written when `state` changes, never per probe. */
export const MemberStatus = Type.Object({
  /** Such as `etcd-a`, `kube-apiserver-b`, `endpoint-1`. */
  name: Type.String({ maxLength: 63 }),
  component: Type.String({ maxLength: 63 }),
  zone: Type.Optional(Type.String({ maxLength: 16 })),
  version: Type.Optional(Type.String({ maxLength: 32 })),
  /** `unsupervised`: it runs, but its supervisor was lost; the keeper replaces it in turn. */
  state: Type.Union(
    (['Absent', 'Starting', 'Ready', 'NotReady', 'Stopping', 'Unsupervised'] as const).map((s) => Type.Literal(s)),
  ),
  leader: Type.Optional(Type.Boolean()),
})
export type MemberStatus = {
  name: string
  component: string
  zone?: string
  version?: string
  state: 'Absent' | 'Starting' | 'Ready' | 'NotReady' | 'Stopping' | 'Unsupervised'
  leader?: boolean
}

/** What keepers saw of a hosted cluster. */
export const ClusterStatus = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
  phase: Type.Optional(ClusterPhase),
  /** Short id: `clusterId(uid)`; in folders, sockets, ids of members, the OIDC issuer. */
  id: Type.Optional(Type.String({ maxLength: 16 })),
  /** `https://host:port`. */
  endpoint: Type.Optional(Type.String({ maxLength: 256 })),
  /** PEM bundle in base64, as EKS's `certificateAuthority.data`. */
  certificateAuthorityData: Type.Optional(Type.String({ maxLength: 65536 })),
  oidcIssuer: Type.Optional(Type.String({ maxLength: 512 })),
  /** EKS's `platformVersion`, such as `eks.1`: which rendering of the control plane runs. */
  platformVersion: Type.Optional(Type.String({ maxLength: 32 })),
  kubernetesVersion: Type.Optional(Type.String({ maxLength: 32 })),
  etcdVersion: Type.Optional(Type.String({ maxLength: 32 })),
  /** Which network the cluster has: `loopback`, or `simulated` where nothing of the cluster exists but its records. */
  network: Type.Optional(Type.String({ maxLength: 32 })),
  members: Type.Optional(Type.Array(MemberStatus, { maxItems: 128 })),
  health: Type.Optional(Type.Object({ issues: Type.Array(HealthIssue, { maxItems: 64 }) })),
  /** Until when the authenticators can verify tokens with nobody's help (RFC 3339). */
  tokensValidUntil: Type.Optional(Type.String({ maxLength: 40 })),
  /** When the next certificate of this cluster expires (RFC 3339); keepers renew well before. */
  nextCertificateExpiry: Type.Optional(Type.String({ maxLength: 40 })),
  /** When the cluster's certificate authorities end (RFC 3339): no certificate outlives them. */
  certificateAuthorityExpiry: Type.Optional(Type.String({ maxLength: 40 })),
  conditions: Type.Optional(Type.Array(Condition, { maxItems: 32 })),
})
export type ClusterStatus = Omit<Type.Static<typeof ClusterStatus>, 'phase' | 'members'> & {
  phase?: ClusterPhase
  members?: MemberStatus[]
}
