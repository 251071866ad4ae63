import type { MachineId, NodeAddress } from '@evenkeel/substrate'

/** What carries the address of one machine. The scripts are for `sh`, as root; both may be run again at any time. */
export interface MachineNetwork {
  /** Of the network namespace, which `ip netns` knows. */
  readonly namespace: string
  /** Makes the namespace with all that joins it to its cluster; on its last line it says why it cannot. */
  readonly ensure: string
  /** Removes all of that. */
  readonly remove: string
}

/** Pure, but for the claims of the cluster. Throws NotReady, with the reason, where the cluster has no network for nodes. */
export type MachineNetworkOf = (machine: MachineId, address: NodeAddress) => Promise<MachineNetwork>
