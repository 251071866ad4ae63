import type { NodeTaint } from '@evenkeel/contract/kinds'
import type { MachineId, MachineLayout, MachineResources, NodeAddress, Zone } from '@evenkeel/substrate'
import type { LeafSet } from '../pki/index.ts'

/** Exact versions of what a node runs, under one name; the shape of a bundle of `distribution`. */
export interface NodeVersions {
  /** Such as `1.37.2-20261125`. */
  readonly releaseVersion: string
  readonly kubelet: string
  readonly containerd: string
  readonly runc: string
  readonly cniPlugins: string
}

/** Everything that the programs of a machine follow from: the same input gives the same rendering. */
export interface NodeInput {
  readonly machine: MachineId
  readonly zone: Zone
  readonly instanceType: string
  readonly resources: MachineResources
  readonly address: NodeAddress
  readonly versions: NodeVersions
  readonly group: {
    /** EKS name. */
    readonly name: string
    readonly capacityType: 'ON_DEMAND' | 'SPOT'
    readonly labels: Readonly<Record<string, string>>
    readonly taints: readonly NodeTaint[]
  }
  readonly region: string
  /** The cluster's endpoint as nodes reach it. */
  readonly endpoint: { readonly host: string; readonly port: number }
  /** Such as `10.100.0.0/16`. */
  readonly serviceCidr: string
  /** PEM of who signs the API servers' certificates. */
  readonly caCertificate: string
  /** Issued for `nodeLeafPlan` of this machine, among others. */
  readonly leaves: LeafSet
  readonly layout: MachineLayout
  /** What the containers of a pod stand on: from the image folder, never from a registry. */
  readonly sandboxImage: string
}
