import { setImmediate } from 'node:timers/promises'
import type { Place } from '@evenkeel/substrate'
import type { LocalPaths } from '../installation/index.ts'
import { writeToFifo } from '../processes/index.ts'
import { scanControlOf } from '../supervision/index.ts'

/**
 * Tells the s6-svscan of a place to look at its folder, one time for all that ask at the same moment. Answers whether it
 * was there to hear.
 */
export function createScans(paths: LocalPaths): (place: Place) => Promise<boolean> {
  const asked = new Map<Place, Promise<boolean>>()
  return (place) => {
    const pending = asked.get(place)
    if (pending !== undefined) return pending
    const scan = (async () => {
      await setImmediate()
      asked.delete(place)
      // `a`: look for what is new. `n`: let go of what is no longer there.
      return await writeToFifo(scanControlOf(paths, place), 'an')
    })()
    asked.set(place, scan)
    return scan
  }
}
