import type { MachineProvider, Substrate } from '@evenkeel/substrate'
import { createClusterNetwork } from './cluster-network.ts'
import { createClusterRecords } from './cluster-records.ts'
import { createElector } from './elector.ts'
import { createEndpoint } from './endpoint/index.ts'
import { DEFAULT_FLOOR_BYTES } from './floor.ts'
import { claimantOf, type Installation, type LocalPaths, requireLocalInstallation } from './installation/index.ts'
import { createInstanceHost } from './instances/index.ts'
import { createMachineProvider, type MachineNetworkOf } from './machines/index.ts'
import { createCarriers, createMachineNetworks } from './private-network/index.ts'
import type { ProgramResolver } from './program-resolver.ts'
import { createVolumeStore } from './volume-store.ts'

export interface LocalSubstrateOptions {
  /** State folder. */
  readonly home: string
  readonly resolver: ProgramResolver
  /** Free space below which no volume is made; 1 GiB unless given. */
  readonly floorBytes?: number
  /** Bytes that the disk has free; asks the file system unless given. For tests. */
  readonly freeBytes?: () => Promise<number>
  /** What carries the addresses of machines; for tests. */
  readonly machineNetworkOf?: MachineNetworkOf
  /** Where machine-wide claims are kept; for tests. */
  readonly claimFolders?: readonly string[]
  /** Why new clusters get no private network; tried unless given. For tests. */
  readonly whyNotPrivate?: () => Promise<string | undefined>
}

export interface LocalSubstrate extends Substrate {
  readonly installation: Installation
  readonly paths: LocalPaths
  readonly machines: MachineProvider
}

/** The ports on this machine. Makes nothing and starts nothing. Throws NotFound where there is no installation. */
export async function openLocalSubstrate(options: LocalSubstrateOptions): Promise<LocalSubstrate> {
  const { installation, paths } = await requireLocalInstallation(options.home)
  const instances = createInstanceHost(paths, options.resolver, { carrierOf: createCarriers(paths, installation) })
  const floorBytes = options.floorBytes ?? DEFAULT_FLOOR_BYTES
  return {
    installation,
    paths,
    zones: installation.zones,
    instances,
    volumes: createVolumeStore(paths, {
      floorBytes,
      ...(options.freeBytes === undefined ? {} : { freeBytes: options.freeBytes }),
    }),
    network: createClusterNetwork(
      paths,
      installation,
      claimantOf(options),
      options.whyNotPrivate === undefined ? {} : { whyNotPrivate: options.whyNotPrivate },
    ),
    endpoint: createEndpoint(instances),
    elector: createElector(installation.lockSecret),
    records: createClusterRecords(paths),
    machines: createMachineProvider({
      paths,
      installation,
      resolver: options.resolver,
      networkOf: options.machineNetworkOf ?? createMachineNetworks(paths, installation),
      floorBytes,
    }),
  }
}
