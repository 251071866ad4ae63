import Type from 'typebox'
import { Condition } from './condition.ts'

/** For people who ask `kubectl explain`, like every description here. */
const KEPT = "Kept for EKS's clients, without effect here."

const Tags = Type.Record(Type.String(), Type.String({ maxLength: 256 }), {
  maxProperties: 50,
  description: KEPT,
})

/** What somebody wants of a hosted cluster. Members that EKS has carry EKS's names and values. */
export const ClusterSpec = Type.Object({
  eksName: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: '^[0-9A-Za-z][A-Za-z0-9\\-_]*$',
    description: 'The EKS name, which metadata.name is derived from. It cannot be changed, and can be selected on.',
  }),
  version: Type.String({
    pattern: '^1\\.[1-9][0-9]+$',
    description: 'Kubernetes minor, such as "1.37"; the default one when not given.',
  }),
  creator: Type.Optional(
    Type.String({ maxLength: 2048, description: 'Who made it: set from the request, whatever is given, for good.' }),
  ),
  bootstrapClusterCreatorAdminPermissions: Type.Optional(
    Type.Boolean({ default: true, description: 'Whether the creator becomes an administrator of the cluster.' }),
  ),
  deletionProtection: Type.Optional(
    Type.Boolean({ default: false, description: 'While it is true and the cluster is ACTIVE, it is not deleted.' }),
  ),
  upgradePolicy: Type.Optional(
    Type.Object(
      { supportType: Type.Union([Type.Literal('STANDARD'), Type.Literal('EXTENDED')], { default: 'EXTENDED' }) },
      {
        default: { supportType: 'EXTENDED' },
        description: 'What happens at the end of standard support; STANDARD is refused in extended support.',
      },
    ),
  ),
  kubernetesNetworkConfig: Type.Optional(
    Type.Object(
      { serviceIpv4Cidr: Type.String({ maxLength: 18, default: '10.100.0.0/16' }) },
      { default: { serviceIpv4Cidr: '10.100.0.0/16' }, description: 'Where addresses of Services come from.' },
    ),
  ),
  roleArn: Type.Optional(Type.String({ maxLength: 2048, description: KEPT })),
  subnetIds: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64, description: KEPT })),
  securityGroupIds: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64, description: KEPT })),
  tags: Type.Optional(Tags),
  clientRequestToken: Type.Optional(
    Type.String({ maxLength: 256, description: 'Idempotency token of the CreateCluster that made it.' }),
  ),
  requestDigest: Type.Optional(
    Type.String({ maxLength: 128, description: 'Of what was asked for together with clientRequestToken.' }),
  ),
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
  id: Type.Optional(
    Type.String({
      maxLength: 16,
      description: 'Short id: clusterId(uid); in folders, sockets, ids of members, the OIDC issuer.',
    }),
  ),
  endpoint: Type.Optional(Type.String({ maxLength: 256, description: 'https://host:port.' })),
  certificateAuthorityData: Type.Optional(
    Type.String({ maxLength: 65536, description: "PEM bundle in base64, as EKS's certificateAuthority.data." }),
  ),
  oidcIssuer: Type.Optional(Type.String({ maxLength: 512 })),
  platformVersion: Type.Optional(
    Type.String({
      maxLength: 32,
      description: "EKS's platformVersion, such as eks.1: which rendering of the control plane runs.",
    }),
  ),
  kubernetesVersion: Type.Optional(Type.String({ maxLength: 32 })),
  etcdVersion: Type.Optional(Type.String({ maxLength: 32 })),
  network: Type.Optional(
    Type.String({
      maxLength: 32,
      description:
        'Which network the cluster has: private (its own, with room for nodes), loopback, or simulated where nothing of the cluster exists but its records.',
    }),
  ),
  members: Type.Optional(Type.Array(MemberStatus, { maxItems: 128 })),
  health: Type.Optional(Type.Object({ issues: Type.Array(HealthIssue, { maxItems: 64 }) })),
  tokensValidUntil: Type.Optional(
    Type.String({
      maxLength: 40,
      description: "Until when the authenticators can verify tokens with nobody's help (RFC 3339).",
    }),
  ),
  nextCertificateExpiry: Type.Optional(
    Type.String({
      maxLength: 40,
      description: 'When the next certificate of this cluster expires (RFC 3339); keepers renew well before.',
    }),
  ),
  certificateAuthorityExpiry: Type.Optional(
    Type.String({
      maxLength: 40,
      description: "When the cluster's certificate authorities end (RFC 3339): no certificate outlives them.",
    }),
  ),
  conditions: Type.Optional(Type.Array(Condition, { maxItems: 32 })),
})
export type ClusterStatus = Omit<Type.Static<typeof ClusterStatus>, 'phase' | 'members'> & {
  phase?: ClusterPhase
  members?: MemberStatus[]
}
