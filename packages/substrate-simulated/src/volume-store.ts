import {
  type ClusterId,
  type ObservedVolume,
  SubstrateFault,
  type VolumeSpec,
  type VolumeStore,
} from '@evenkeel/substrate'
import type { Refusals } from './refusals.ts'

export interface VolumeStoreOptions {
  /** Bytes below which no volume is made. */
  readonly floorBytes: number
  readonly refusals: Refusals
  readonly note: (change: string) => void
}

/** Far more than any simulation fills. */
const FREE_BYTES = 2 ** 50

/** Volumes that are only known of. */
export class SimulatedVolumeStore implements VolumeStore {
  readonly #options: VolumeStoreOptions
  readonly #volumes = new Map<ClusterId, ReadonlyMap<string, ObservedVolume>>()
  #freeBytes = FREE_BYTES

  constructor(options: VolumeStoreOptions) {
    this.#options = options
  }

  async ensure(spec: VolumeSpec): Promise<void> {
    const { refusals, floorBytes, note } = this.#options
    refusals.check('volumes.ensure')
    const { cluster, name, zone } = spec
    const known = this.#volumes.get(cluster)?.get(name)
    if (known?.state === 'lost') {
      throw new SubstrateFault('Lost', `volume ${name} of ${cluster} is gone: replace its member`)
    }
    if (known !== undefined && known.zone !== zone) {
      throw new SubstrateFault('Conflict', `volume ${name} of ${cluster} is in zone ${known.zone}, not ${zone}`)
    }
    if (known !== undefined) return
    if (this.#freeBytes < floorBytes) {
      throw new SubstrateFault(
        'NoSpace',
        `no volume ${name} is made for ${cluster}: ${this.#freeBytes} bytes are free, and ${floorBytes} are kept`,
      )
    }
    this.settle(spec)
    note(`make volume ${cluster}/${name}`)
  }

  async observe(cluster: ClusterId): Promise<readonly ObservedVolume[]> {
    return [...(this.#volumes.get(cluster)?.values() ?? [])]
  }

  isPresent(cluster: ClusterId, name: string): boolean {
    return this.#volumes.get(cluster)?.get(name)?.state === 'present'
  }

  async remove(cluster: ClusterId): Promise<void> {
    this.#options.refusals.check('volumes.remove')
    if (this.#volumes.delete(cluster)) this.#options.note(`remove volumes ${cluster}`)
  }

  async clusters(): Promise<readonly ClusterId[]> {
    return [...this.#volumes.keys()]
  }

  async headroomBytes(): Promise<number> {
    return this.#freeBytes - this.#options.floorBytes
  }

  /** A volume that was made long ago. */
  settle(spec: VolumeSpec): void {
    this.#put(spec.cluster, { ...spec, state: 'present' })
  }

  /** Space that the disks have free from now on. */
  setFreeBytes(bytes: number): void {
    this.#freeBytes = bytes
  }

  /** The disk is gone for good, and that is attested. */
  lose(cluster: ClusterId, name: string): void {
    const known = this.#volumes.get(cluster)?.get(name)
    if (known !== undefined) this.#put(cluster, { ...known, state: 'lost' })
  }

  /** The disk is not there, and nobody knows of it. */
  forget(cluster: ClusterId, name: string): void {
    const kept = [...(this.#volumes.get(cluster) ?? [])].filter(([each]) => each !== name)
    this.#volumes.set(cluster, new Map(kept))
  }

  #put(cluster: ClusterId, volume: ObservedVolume): void {
    this.#volumes.set(cluster, new Map([...(this.#volumes.get(cluster) ?? []), [volume.name, volume]]))
  }
}
