import { type ClusterId, type ClusterRecords, requireRecordName } from '@evenkeel/substrate'
import type { Refusals } from './refusals.ts'

export interface ClusterRecordsOptions {
  readonly refusals: Refusals
  readonly note: (change: string) => void
}

/** Records in memory: as durable as the simulation. */
export function createClusterRecords({ refusals, note }: ClusterRecordsOptions): ClusterRecords {
  const clusters = new Map<ClusterId, Map<string, string>>()

  async function write(cluster: ClusterId, name: string, content: string): Promise<void> {
    refusals.check('records.write')
    requireRecordName(name)
    const known = clusters.get(cluster) ?? new Map<string, string>()
    clusters.set(cluster, known.set(name, content))
    note(`record ${cluster}/${name}`)
  }

  return {
    clusters: async () => [...clusters.keys()],
    readAll: async (cluster) => new Map(clusters.get(cluster)),
    read: async (cluster, name) => clusters.get(cluster)?.get(name),
    write,
    async writeOnce(cluster, name, content) {
      const known = clusters.get(cluster)?.get(name)
      if (known === undefined) await write(cluster, name, content)
      return known ?? content
    },
    async erase(cluster, name) {
      refusals.check('records.write')
      requireRecordName(name)
      if (clusters.get(cluster)?.delete(name)) note(`erase ${cluster}/${name}`)
    },
    async remove(cluster) {
      if (clusters.delete(cluster)) note(`remove records ${cluster}`)
    },
  }
}
