import type { LeafPlan } from '../pki/index.ts'

/** Names of a machine's certificates. */
export const NODE_LEAF = {
  /** What a kubelet serves with, and who it is for the API servers: one certificate, so that one file is replaced. */
  kubelet: (machine: string) => `${machine}/kubelet`,
  kubeProxy: (machine: string) => `${machine}/kube-proxy`,
} as const

/**
 * Every certificate of a machine, by name. The node authorizer and NodeRestriction take a kubelet for the node that its
 * name says: organization `system:nodes`, common name `system:node:NAME`. `host` is the machine's address.
 */
export function nodeLeafPlan(machine: string, host: string): LeafPlan {
  return {
    [NODE_LEAF.kubelet(machine)]: {
      authority: 'cluster',
      commonName: `system:node:${machine}`,
      organizations: ['system:nodes'],
      hosts: [machine, host],
      usages: ['server', 'client'],
    },
    [NODE_LEAF.kubeProxy(machine)]: {
      authority: 'cluster',
      commonName: 'system:kube-proxy',
      organizations: [],
      hosts: [],
      usages: ['client'],
    },
  }
}
