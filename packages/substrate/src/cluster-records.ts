import type { ClusterId } from './place.ts'

/**
 * A small durable set of records for each cluster, readable by every keeper of the cell and by nobody else: accepted
 * intent, keys, certificates, derived ids. Names are like `intent.json` or `pki/ca.key`. A record is whole or absent,
 * and on disk when the call returns.
 */
export interface ClusterRecords {
  /** Every cluster of which something is left, though it be what a removal that was cut short has left. */
  clusters(): Promise<readonly ClusterId[]>
  /** All records of a cluster by name; empty when there are none. */
  readAll(cluster: ClusterId): Promise<ReadonlyMap<string, string>>
  read(cluster: ClusterId, name: string): Promise<string | undefined>
  write(cluster: ClusterId, name: string, content: string): Promise<void>
  /** The first writer wins: answers what is on record afterwards. For keys, which are recorded before their first use. */
  writeOnce(cluster: ClusterId, name: string, content: string): Promise<string>
  /** One record goes, for what comes and goes in the life of a cluster. Idempotent. */
  erase(cluster: ClusterId, name: string): Promise<void>
  remove(cluster: ClusterId): Promise<void>
}

/** Throws where `name` cannot name a record: it stays below its cluster, and drafts of a driver (`.x`) are none. */
export function requireRecordName(name: string): void {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(name)) {
    throw new Error(`${JSON.stringify(name)} cannot be the name of a record`)
  }
}
