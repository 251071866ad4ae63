import type { Elector, Leadership } from '@evenkeel/substrate'
import { acquireExclusion } from './exclusion.ts'

/** Leaders by exclusive abstract sockets: no polling, no lease, and nothing to time out. */
export function createElector(lockSecret: string): Elector {
  return {
    async campaign(key, signal): Promise<Leadership> {
      const exclusion = await acquireExclusion(lockSecret, `elector/${key}`, signal)
      const leading = new AbortController()
      return {
        key,
        signal: leading.signal,
        async resign() {
          if (leading.signal.aborted) return
          // First, so that nobody acts any more when the next one starts.
          leading.abort(new Error(`leadership of ${key} was given up`))
          await exclusion.release()
        },
      }
    },
  }
}
