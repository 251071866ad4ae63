import type { ClusterNetwork } from './cluster-network.ts'
import type { ClusterRecords } from './cluster-records.ts'
import type { Elector } from './elector.ts'
import type { Endpoint } from './endpoint.ts'
import type { InstanceHost } from './instance-host.ts'
import type { MachineProvider } from './machine-provider.ts'
import type { Zone } from './place.ts'
import type { VolumeStore } from './volume-store.ts'

/** All ports of one substrate, as a driver offers them. */
export interface Substrate {
  readonly zones: readonly Zone[]
  readonly instances: InstanceHost
  readonly volumes: VolumeStore
  readonly network: ClusterNetwork
  readonly endpoint: Endpoint
  readonly elector: Elector
  readonly records: ClusterRecords
  /** Absent where there can be no nodes. */
  readonly machines?: MachineProvider
}
