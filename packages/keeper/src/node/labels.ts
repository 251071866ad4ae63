import type { NodeTaint } from '@evenkeel/contract/kinds'
import type { NodeInput } from './input.ts'

/** Labels that EKS gives the nodes of a group. */
export const NODE_GROUP_LABEL = 'eks.amazonaws.com/nodegroup'
const NODE_RELEASE_LABEL = 'eks.amazonaws.com/nodegroup-image'
const CAPACITY_TYPE_LABEL = 'eks.amazonaws.com/capacityType'

type Labelled = Pick<NodeInput, 'zone' | 'region' | 'instanceType' | 'group'> & { readonly releaseVersion: string }

/** All labels that a node has for its group's sake. The group's own come first: none of them can take another's place. */
export function nodeLabels({ zone, region, instanceType, releaseVersion, group }: Labelled): Record<string, string> {
  return {
    ...group.labels,
    [NODE_GROUP_LABEL]: group.name,
    [NODE_RELEASE_LABEL]: releaseVersion,
    [CAPACITY_TYPE_LABEL]: group.capacityType,
    'node.kubernetes.io/instance-type': instanceType,
    'topology.kubernetes.io/region': region,
    'topology.kubernetes.io/zone': zone,
  }
}

/** Labels below `kubernetes.io` and `k8s.io` that a kubelet may give itself (`--node-labels`, kubelet 1.36 and 1.37). */
const OWN_LABELS: readonly string[] = [
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]

/**
 * Labels that the kubelet registers with. It does not start when told others of Kubernetes' own; those the keeper sets
 * once the node is there.
 */
export function registeredLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => {
      const domain = name.includes('/') ? name.slice(0, name.indexOf('/')) : ''
      return OWN_LABELS.includes(name) || !/(^|\.)(kubernetes|k8s)\.io$/.test(domain)
    }),
  )
}

const EFFECTS = {
  NO_SCHEDULE: 'NoSchedule',
  NO_EXECUTE: 'NoExecute',
  PREFER_NO_SCHEDULE: 'PreferNoSchedule',
} as const

/** As Kubernetes writes it. */
export interface KubeTaint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

export function kubeTaint({ key, value, effect }: NodeTaint): KubeTaint {
  return { key, ...(value === undefined ? {} : { value }), effect: EFFECTS[effect] }
}
