import Type from 'typebox'

const Minor = Type.String({ pattern: '^[1-9][0-9]*\\.[0-9]+$' })
const Version = Type.String({ pattern: '^v[0-9]+\\.[0-9]+\\.[0-9]+$' })
const Moment = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' })

/** Such as `1.37.2-20261125`: the patch of its kubelet, and the day on which the bundle was put together. */
const NodeReleaseVersion = Type.String({ pattern: '^[1-9][0-9]*\\.[0-9]+\\.[0-9]+-[0-9]{8}$' })

/** Digests of what the official sites give, by platform and file name there, such as `kubectl`. */
const Digests = Type.Record(
  Type.String({ pattern: '^linux-(amd64|arm64)$' }),
  Type.Record(Type.String(), Type.String({ pattern: '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$' })),
)
export type Digests = Type.Static<typeof Digests>

/** What a node runs: any other patch of any part is another bundle. */
const NodeBundle = Type.Object(
  { releaseVersion: NodeReleaseVersion, kubelet: Version, containerd: Version, runc: Version, cniPlugins: Version },
  { additionalProperties: false },
)

/** Add-ons by their EKS names. Of kube-proxy there is nothing to say: it is of the version of the control plane. */
const AddOns = Type.Object({ coredns: Version, 'metrics-server': Version }, { additionalProperties: false })

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
    /** What nodes of this minor may run, oldest first: new nodes run the last one. */
    nodeBundles: Type.Array(NodeBundle, { minItems: 1 }),
    addOns: AddOns,
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

/** `releases/independent.json`: programs whose versions depend on no minor of Kubernetes. */
export const IndependentFile = Type.Object(
  { kwok: Version, crane: Version, pause: Version },
  { additionalProperties: false },
)
export type IndependentFile = Type.Static<typeof IndependentFile>
