import type { NetworkPlan } from '@evenkeel/substrate'
import type { ClusterKeys, LeafSet } from '../../../pki/index.ts'
import type { ControlPlaneInput } from '../input.ts'
import { leafPlan } from '../leaf-plan.ts'

/** PEM in form only, so that a golden shows whose certificate stands where. */
function certificate(subject: string): string {
  return `-----BEGIN CERTIFICATE-----\n${subject}\n-----END CERTIFICATE-----\n`
}

function key(subject: string): string {
  return `-----BEGIN PRIVATE KEY-----\n${subject}\n-----END PRIVATE KEY-----\n`
}

const authority = (name: string) => ({ certificate: certificate(`authority ${name}`), key: key(`authority ${name}`) })

const KEYS: ClusterKeys = {
  version: 1,
  createdAt: '2026-11-24T00:00:00.000Z',
  authorities: { cluster: authority('cluster'), etcd: authority('etcd'), frontProxy: authority('frontProxy') },
  serviceAccount: {
    privateKey: key('service accounts'),
    publicKey: '-----BEGIN PUBLIC KEY-----\nservice accounts\n-----END PUBLIC KEY-----\n',
  },
  encryption: { name: 'key1', secret: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
}

const NETWORK: NetworkPlan = {
  kind: 'loopback',
  endpoint: { host: '127.9.0.2', bind: '127.9.0.2', port: 6443 },
  zones: {
    a: { host: '127.9.1.2', advertise: '198.18.9.1' },
    b: { host: '127.9.2.2', advertise: '198.18.9.2' },
    c: { host: '127.9.3.2', advertise: '198.18.9.3' },
  },
}

/** A network of the cluster's own. */
export const PRIVATE_NETWORK: NetworkPlan = {
  kind: 'private',
  endpoint: { host: '127.9.0.2', bind: '127.9.0.2', port: 6443 },
  zones: {
    a: { host: '100.66.64.132', advertise: '100.66.64.129' },
    b: { host: '100.66.64.133', advertise: '100.66.64.129' },
    c: { host: '100.66.64.134', advertise: '100.66.64.129' },
  },
  nodes: {
    endpoint: { host: '100.66.64.129', port: 6443 },
    relay: { host: '100.66.64.129', port: 9443 },
    cidr: '100.66.64.128/26',
    podCidr: '198.18.0.0/16',
  },
}

/** A cluster that can have nodes. */
export function privateInput(changes: Partial<ControlPlaneInput> = {}): ControlPlaneInput {
  const url = 'https://100.66.64.129:9443/clusters/k3x9/token-review'
  return hostedInput({
    network: PRIVATE_NETWORK,
    authenticator: {
      urls: { a: url, b: url },
      behindRelay: [
        { host: '127.9.1.1', port: 9443 },
        { host: '127.9.2.1', port: 9443 },
      ],
    },
    ...changes,
  })
}

/** A highly available cluster of Kubernetes 1.37. */
export function hostedInput(changes: Partial<ControlPlaneInput> = {}): ControlPlaneInput {
  return complete({
    clusterId: 'k3x9',
    eksName: 'demo',
    kind: 'hosted',
    topology: { etcdZones: ['a', 'b', 'c'], apiServerZones: ['a', 'b'] },
    authenticator: {
      urls: {
        a: 'https://127.9.1.1:9443/clusters/k3x9/token-review',
        b: 'https://127.9.2.1:9443/clusters/k3x9/token-review',
      },
    },
    ...changes,
  })
}

/** The installation's own API server. */
export function homeInput(changes: Partial<ControlPlaneInput> = {}): ControlPlaneInput {
  return complete({
    clusterId: 'home',
    eksName: 'home',
    kind: 'home',
    topology: { etcdZones: ['a'], apiServerZones: ['a'] },
    authenticator: undefined,
    ...changes,
  })
}

type Particulars = Pick<ControlPlaneInput, 'clusterId' | 'eksName' | 'kind' | 'topology' | 'authenticator'>

function complete(particulars: Particulars & Partial<ControlPlaneInput>): ControlPlaneInput {
  const input = {
    versions: { kubernetes: 'v1.37.2', etcd: 'v3.7.3' },
    platformRevision: 1,
    network: NETWORK,
    serviceCidr: '10.100.0.0/16',
    keys: KEYS,
    layout: (instance: string) => ({
      filesRoot: `/run/${instance}`,
      volumePath: (volume: string) => `/volumes/${volume}`,
    }),
    oidcIssuer: `https://127.9.0.2:6443/oidc/${particulars.clusterId}`,
    ...particulars,
  }
  return { ...input, leaves: particulars.leaves ?? leavesFor(input) }
}

function leavesFor(input: Parameters<typeof leafPlan>[0]): LeafSet {
  const leaves = Object.entries(leafPlan(input)).map(([name, request]) => [
    name,
    {
      certificate: certificate(name),
      key: key(name),
      notBefore: '2026-11-24T00:00:00.000Z',
      notAfter: '2027-11-24T00:00:00.000Z',
      request,
    },
  ])
  return { version: 1, leaves: Object.fromEntries(leaves) }
}
