import type { ClusterId, Zone } from './place.ts'

export interface VolumeSpec {
  readonly cluster: ClusterId
  /** Unique in its cluster, such as `etcd-a`. */
  readonly name: string
  readonly zone: Zone
}

export interface ObservedVolume extends VolumeSpec {
  /** `lost` is an attestation: the disk is gone for good and will not come back. */
  readonly state: 'present' | 'lost'
}

/** Disks whose life is the cluster's: they outlive every program and every restart of the machine. */
export interface VolumeStore {
  /** Throws NoSpace where the floor of free space would be crossed: existing volumes go on. */
  ensure(spec: VolumeSpec): Promise<void>
  observe(cluster: ClusterId): Promise<readonly ObservedVolume[]>
  /** Every volume of the cluster, with its data, and what a removal that was cut short has left of them. */
  remove(cluster: ClusterId): Promise<void>
  /** Every cluster of which something is left. */
  clusters(): Promise<readonly ClusterId[]>
  /** Bytes that can still be given away before the floor is reached; negative below it. */
  headroomBytes(): Promise<number>
}
