import type { LeafSet } from '../../pki/index.ts'
import type { NodeInput } from '../input.ts'
import { nodeLeafPlan } from '../leaves.ts'

/** Certificates in form only, so that a golden shows whose stands where. */
function leavesFor(machine: string, host: string): LeafSet {
  const leaves = Object.entries(nodeLeafPlan(machine, host)).map(([name, request]) => [
    name,
    {
      certificate: `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`,
      key: `-----BEGIN PRIVATE KEY-----\n${name}\n-----END PRIVATE KEY-----\n`,
      notBefore: '2026-11-24T00:00:00.000Z',
      notAfter: '2027-11-24T00:00:00.000Z',
      request,
    },
  ])
  return { version: 1, leaves: Object.fromEntries(leaves) }
}

/** A node of a group with a label and a taint. */
export function nodeInput(changes: Partial<NodeInput> = {}): NodeInput {
  const address = { host: '100.114.0.138', podCidr: '10.200.1.0/24' }
  return {
    machine: { cluster: 'k3x9', name: 'ng-a1b2c3-00001' },
    zone: 'a',
    instanceType: 't3.medium',
    resources: { cpus: 2, memoryMib: 4096, diskGib: 20 },
    address,
    versions: {
      releaseVersion: '1.37.2-20261125',
      kubelet: 'v1.37.2',
      containerd: 'v2.4.2',
      runc: 'v1.5.2',
      cniPlugins: 'v1.10.0',
    },
    group: {
      name: 'workers',
      capacityType: 'ON_DEMAND',
      labels: { team: 'blue', 'node-role.kubernetes.io/worker': 'yes' },
      taints: [{ key: 'dedicated', value: 'blue', effect: 'NO_SCHEDULE' }],
    },
    region: 'local-1',
    endpoint: { host: '100.114.0.129', port: 6443 },
    serviceCidr: '10.100.0.0/16',
    caCertificate: '-----BEGIN CERTIFICATE-----\nauthority cluster\n-----END CERTIFICATE-----\n',
    leaves: leavesFor('ng-a1b2c3-00001', address.host),
    layout: { files: '/etc/evenkeel', tools: '/opt/evenkeel/bin', images: '/opt/evenkeel/images' },
    sandboxImage: 'evenkeel.internal/pause:v1.0.0',
    ...changes,
  }
}
