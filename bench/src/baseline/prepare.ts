import {
  ACCESS_LEAVES,
  type ControlPlaneInput,
  controlPlaneEndpoint,
  leafPlan,
  type ProbeAddress,
  probeTargets,
  renderControlPlane,
} from '@evenkeel/keeper/components'
import { createClusterKeys, issueCertificates, leafOf } from '@evenkeel/keeper/pki'
import { type InstanceSpec, type NetworkPlan, renderTcpProxy } from '@evenkeel/substrate'

/** A control plane that could be started: everything is rendered, certificates are made, nothing is on disk. */
export interface PreparedCluster {
  readonly specs: readonly InstanceSpec[]
  readonly endpoint: ProbeAddress
  readonly members: readonly ProbeAddress[]
  /** Folder of one instance's files. */
  filesRoot(instance: string): string
  volumePath(volume: string): string
}

export interface PrepareOptions {
  /** State of this run, absolute. */
  readonly folder: string
  /** Second byte of the loopback addresses. */
  readonly octet: number
  readonly versions: ControlPlaneInput['versions']
  readonly kind?: ControlPlaneInput['kind']
}

const ID = 'baseline01'

/** Renders a cluster as the product does, for programs that are started by hand. */
export async function prepareCluster({
  folder,
  octet,
  versions,
  kind = 'hosted',
}: PrepareOptions): Promise<PreparedCluster> {
  const nowMs = Date.now()
  const network = networkPlan(octet)
  const topology =
    kind === 'hosted'
      ? { etcdZones: ['a', 'b', 'c'], apiServerZones: ['a', 'b'] }
      : { etcdZones: ['a'], apiServerZones: ['a'] }
  const facts = { clusterId: ID, kind, network, topology, serviceCidr: '10.100.0.0/16' }
  const keys = await createClusterKeys(ID, nowMs)
  const filesRoot = (instance: string) => `${folder}/files/${instance}`
  const volumePath = (volume: string) => `${folder}/volumes/${volume}`
  // Nobody answers there: certificates get in without a token.
  const url = `https://127.${octet}.9.1:9443/clusters/${ID}/token-review`
  const input: ControlPlaneInput = {
    ...facts,
    eksName: 'baseline',
    versions,
    platformRevision: 1,
    keys,
    leaves: await issueCertificates(keys, leafPlan(facts), { nowMs }),
    layout: (instance) => ({ filesRoot: filesRoot(instance), volumePath }),
    oidcIssuer: `https://${network.endpoint.host}:${network.endpoint.port}/oidc/${ID}`,
    authenticator: kind === 'hosted' ? { urls: { a: url, b: url } } : undefined,
  }
  const { endpoint, members } = probeTargets(input)
  // In the home the keeper may only do what it is granted later.
  const client = leafOf(input.leaves, kind === 'home' ? ACCESS_LEAVES.admin : ACCESS_LEAVES.keeper)
  return {
    specs: [...renderControlPlane(input), ...balancers(input, filesRoot)],
    endpoint: { ...endpoint, client },
    members,
    filesRoot,
    volumePath,
  }
}

function networkPlan(octet: number): NetworkPlan {
  const zones = ['a', 'b', 'c'].map((zone, index) => {
    const host = `127.${octet}.${index + 1}.2`
    return [zone, { host, advertise: `198.18.${octet}.${index + 1}` }] as const
  })
  const host = `127.${octet}.0.2`
  return { kind: 'loopback', endpoint: { host, bind: host, port: 6443 }, zones: Object.fromEntries(zones) }
}

/** The endpoint of a cluster: two HAProxy processes that share its address. */
function balancers(input: ControlPlaneInput, filesRoot: (instance: string) => string): InstanceSpec[] {
  const spec = controlPlaneEndpoint(input)
  if (spec === undefined) {
    return []
  }
  return [1, 2].map((number) => {
    const name = `endpoint-${number}`
    const configuration = renderTcpProxy({
      bind: spec.bind,
      port: spec.port,
      servers: spec.backends.map(({ zone, host, port }) => ({ name: zone, host, port })),
      check: {
        path: '/readyz',
        caFile: `${filesRoot(name)}/ca.pem`,
        serverName: spec.serverName,
        intervalMs: 500,
        onUnready: 'drain',
      },
      failOpen: true,
      maxConnections: 4000,
    })
    return {
      cluster: ID,
      name,
      component: 'endpoint',
      place: 'region',
      program: { name: 'haproxy', version: 'system' },
      args: ['-db', '-f', `${filesRoot(name)}/haproxy.cfg`],
      env: {},
      files: [
        { path: 'ca.pem', content: spec.caCertificate, onChange: 'restart' },
        { path: 'haproxy.cfg', content: configuration, onChange: 'restart' },
      ],
      volumes: [],
      stopGraceSeconds: 5,
    }
  })
}
