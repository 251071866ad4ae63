import Type from 'typebox'

const Minor = Type.String({ pattern: '^[1-9][0-9]*\\.[0-9]+$' })
const Version = Type.String({ pattern: '^v[1-9][0-9]*\\.[0-9]+\\.[0-9]+$' })
const Moment = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' })

/** Digests of what the official sites give, by platform and file name there, such as `kubectl`. */
const Digests = Type.Record(
  Type.String({ pattern: '^linux-(amd64|arm64)$' }),
  Type.Record(Type.String(), Type.String({ pattern: '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$' })),
)
export type Digests = Type.Static<typeof Digests>

/** `releases/<minor>.json`: a minor of Kubernetes. */
export const ReleaseFile = Type.Object(
  {
    minor: Minor,
    /** What a cluster gets that asks for no version: exactly one release. */
    default: Type.Boolean(),
    kubernetes: Type.Object({ version: Version, digests: Type.Optional(Digests) }, { additionalProperties: false }),
    etcd: Type.Object({ oldest: Version, newestMinor: Minor, defaultMinor: Minor }, { additionalProperties: false }),
    /** Which rendering of the control plane new clusters get: 1 is EKS's platform version `eks.1`. */
    platformRevision: Type.Integer({ minimum: 1 }),
    /** The time of module version v1.N.0 of k8s.io/kubernetes. */
    releasedAt: Moment,
    /** 14 months after the release. */
    standardSupportEndsAt: Moment,
    /** 12 months after standard support. */
    extendedSupportEndsAt: Moment,
  },
  { additionalProperties: false },
)
export type ReleaseFile = Type.Static<typeof ReleaseFile>

/** `releases/etcd-<minor>.json`: a minor of etcd, which moves independently of Kubernetes. */
export const EtcdFile = Type.Object(
  { minor: Minor, version: Version, digests: Type.Optional(Digests) },
  { additionalProperties: false },
)
export type EtcdFile = Type.Static<typeof EtcdFile>
