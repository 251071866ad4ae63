import type { ClusterId, InstanceId, InstanceLayout, Zone } from '@evenkeel/substrate'
import type { Intent } from '../intent/index.ts'
import {
  areLeavesDue,
  authoritiesEnd,
  ClusterKeys,
  createClusterKeys,
  issueCertificates,
  LeafSet,
  leafOf,
  nextExpiry,
} from '../pki/index.ts'
import {
  ACCESS_LEAVES,
  AUTHENTICATOR_LEAF,
  type ControlPlaneInput,
  clusterObjects,
  controlPlaneEndpoint,
  kubeconfig,
  type LeafInput,
  leafPlan,
  probeTargets,
  renderControlPlane,
} from './components/index.ts'
import { ProbeKey, parseFact, RECORD, serializeFact } from './facts.ts'
import type { Blueprint, BlueprintInput, RenderInput } from './ports.ts'
import { endpointUrl, oidcIssuer } from './status.ts'

/** As in EKS, where a cluster says nothing else. */
const DEFAULT_SERVICE_CIDR = '10.100.0.0/16'

/** Files of the home's access folder, and whose certificate is in each. */
const HOME_KUBECONFIGS = {
  'admin.kubeconfig': ACCESS_LEAVES.admin,
  'keeper.kubeconfig': ACCESS_LEAVES.keeper,
  'service.kubeconfig': ACCESS_LEAVES.service,
} as const

export interface RenderedBlueprintOptions {
  readonly layout: (id: InstanceId) => InstanceLayout
  /** The authenticator of each zone with API servers, `https://host:port`. */
  readonly authenticatorUrls: Readonly<Record<Zone, string>>
}

/** The blueprint of real control planes: keys by `pki`, flags and files by `components`. */
export class RenderedBlueprint implements Blueprint {
  readonly #options: RenderedBlueprintOptions

  constructor(options: RenderedBlueprintOptions) {
    this.#options = options
  }

  async makeKeys({ id, nowMs }: { readonly id: ClusterId; readonly nowMs: number }): Promise<string> {
    return serializeFact(await createClusterKeys(id, nowMs))
  }

  caCertificate(keys: string): string {
    return parseKeys('', keys).authorities.cluster.certificate
  }

  async issueLeaves(input: BlueprintInput, recorded: string | undefined, nowMs: number): Promise<string> {
    const kept = recorded === undefined ? {} : { recorded: parseLeaves(input.id, recorded) }
    const keys = parseKeys(input.id, input.keys)
    return serializeFact(await issueCertificates(keys, leafPlan(leafInput(input)), { nowMs, ...kept }))
  }

  examineLeaves(input: BlueprintInput, leaves: string, nowMs: number) {
    const set = parseLeaves(input.id, leaves)
    return {
      due: areLeavesDue(set, leafPlan(leafInput(input)), nowMs),
      nextExpiry: nextExpiry(set),
      authoritiesEnd: authoritiesEnd(parseKeys(input.id, input.keys)),
    }
  }

  render(input: RenderInput) {
    const drawn = this.#controlPlaneInput(input)
    return {
      instances: renderControlPlane(drawn),
      endpoint: controlPlaneEndpoint(drawn),
      objects: drawn.kind === 'hosted' ? clusterObjects(drawn.network) : [],
    }
  }

  probeTargets(input: RenderInput) {
    return probeTargets(this.#controlPlaneInput(input))
  }

  homeAccessFiles(input: RenderInput): ReadonlyMap<string, string> {
    const { keys, leaves } = this.#controlPlaneInput(input)
    const { host, port, serverName } = this.probeTargets(input).endpoint
    const server = endpointUrl({ endpoint: { host, port } })
    const authority = { pem: keys.authorities.cluster.certificate }
    const files = Object.entries(HOME_KUBECONFIGS).map(([file, leaf]): [string, string] => {
      const { certificate, key } = leafOf(leaves, leaf)
      // JSON is YAML.
      return [file, serializeFact(kubeconfig({ server, serverName, authority, client: { certificate, key } }))]
    })
    return new Map(files)
  }

  #controlPlaneInput(input: RenderInput): ControlPlaneInput {
    const { id, intent, release, network } = input
    const { layout, authenticatorUrls } = this.#options
    return {
      ...leafInput(input),
      eksName: intent.kind === 'hosted' ? intent.spec.eksName : id,
      versions: { kubernetes: release.kubernetes, etcd: release.etcd },
      platformRevision: release.platformRevision,
      keys: parseKeys(id, input.keys),
      leaves: parseLeaves(id, input.leaves),
      layout: (name) => layout({ cluster: id, name }),
      oidcIssuer: oidcIssuer(endpointUrl(network), id),
      authenticator: intent.kind === 'hosted' ? authenticatorOf(authenticatorUrls, id, network) : undefined,
    }
  }
}

/** From a network of the cluster's own, authenticators are reached through its relay. */
function authenticatorOf(
  urls: Readonly<Record<Zone, string>>,
  id: ClusterId,
  { nodes }: BlueprintInput['network'],
): NonNullable<ControlPlaneInput['authenticator']> {
  if (nodes === undefined) {
    return { urls: reviewUrls(urls, id) }
  }
  const relay = `https://${nodes.relay.host}:${nodes.relay.port}`
  const relayed = Object.fromEntries(Object.keys(urls).map((zone) => [zone, relay]))
  const behindRelay = Object.values(urls).map((text) => {
    const { hostname, port } = new URL(text)
    return { host: hostname, port: Number(port) }
  })
  return { urls: reviewUrls(relayed, id), behindRelay }
}

/** Each cluster is answered at a path of its own. */
function reviewUrls(authenticatorUrls: Readonly<Record<Zone, string>>, id: ClusterId): Record<Zone, string> {
  const entries = Object.entries(authenticatorUrls)
  return Object.fromEntries(entries.map(([zone, url]) => [zone, `${url}/clusters/${id}/token-review`]))
}

function leafInput({ id, intent, network, topology }: BlueprintInput): LeafInput {
  return { clusterId: id, kind: intent.kind, network, topology, serviceCidr: serviceCidrOf(intent) }
}

/** Where addresses of a cluster's Services come from. */
export function serviceCidrOf(intent: Intent): string {
  const asked = intent.kind === 'hosted' ? intent.spec.kubernetesNetworkConfig?.serviceIpv4Cidr : undefined
  return asked ?? DEFAULT_SERVICE_CIDR
}

function parseKeys(cluster: ClusterId, record: string): ClusterKeys {
  return parseFact(ClusterKeys, record, { cluster, name: RECORD.keys })
}

function parseLeaves(cluster: ClusterId, record: string): LeafSet {
  return parseFact(LeafSet, record, { cluster, name: RECORD.leaves })
}

/** What the authenticators are told about a cluster, apart from who may come in. */
export interface AdmissionFacts {
  /** PEM: what they serve the cluster's API servers with. */
  readonly serving: { readonly certificate: string; readonly key: string }
  /** PEM: who signed what the API servers show them. */
  readonly clientCertificateAuthority: string
  readonly probeKey: ProbeKey
}

/** Of a cluster's records; undefined while its certificates are not on record. */
export function admissionFacts(cluster: ClusterId, records: ReadonlyMap<string, string>): AdmissionFacts | undefined {
  const [keys, leaves, probeKey] = [RECORD.keys, RECORD.leaves, RECORD.probeKey].map((name) => records.get(name))
  if (keys === undefined || leaves === undefined || probeKey === undefined) {
    return undefined
  }
  const { certificate, key } = leafOf(parseLeaves(cluster, leaves), AUTHENTICATOR_LEAF)
  return {
    serving: { certificate, key },
    clientCertificateAuthority: parseKeys(cluster, keys).authorities.cluster.certificate,
    probeKey: parseFact(ProbeKey, probeKey, { cluster, name: RECORD.probeKey }),
  }
}
