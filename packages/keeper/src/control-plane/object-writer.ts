import { isUnavailable, KubeClient } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'
import type { ObjectWriter } from './ports.ts'
import { connectionOf } from './prober.ts'

/** Writes by server-side apply, as the keeper, through the cluster's endpoint. */
export const endpointWriter: ObjectWriter = {
  async write(endpoint, objects) {
    const client = new KubeClient(connectionOf(endpoint), { userAgent: 'evenkeel-keeper' })
    try {
      for (const { resource, object } of objects) {
        await client.apply(resource, object, { fieldManager: 'evenkeel-keeper', force: true })
      }
    } catch (error) {
      if (!isUnavailable(error)) {
        throw error
      }
      const why = error instanceof Error ? error.message : String(error)
      throw new SubstrateFault('NotReady', `the cluster does not take objects now: ${why}`, { cause: error })
    } finally {
      client.close()
    }
  },
}
