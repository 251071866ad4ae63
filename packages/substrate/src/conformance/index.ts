import { describe } from 'vitest'
import { describeClusterNetwork } from './cluster-network.ts'
import { describeClusterRecords } from './cluster-records.ts'
import { describeElector } from './elector.ts'
import { describeEndpoint } from './endpoint.ts'
import { describeInstanceHost } from './instance-host.ts'
import type { MakeSubstrate } from './under-test.ts'
import { describeVolumeStore } from './volume-store.ts'

export { describeClusterNetwork } from './cluster-network.ts'
export { describeMachineProvider, type MachinesUnderTest } from './machine-provider.ts'
export type { MakeSubstrate, SubstrateUnderTest } from './under-test.ts'

/**
 * What every driver must do, as tests: call it in a test file of the driver's package. `make` is called once for each
 * port.
 */
export function describeSubstrate(name: string, make: MakeSubstrate): void {
  describe(`the ${name} substrate`, () => {
    describeInstanceHost(make)
    describeVolumeStore(make)
    describeClusterNetwork(make)
    describeEndpoint(make)
    describeElector(make)
    describeClusterRecords(make)
  })
}
