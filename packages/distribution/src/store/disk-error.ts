import { hasErrorCode } from '@evenkeel/kernel'
import { DistributionError } from '../faults.ts'

/** How programs other than ours say that a disk is full. */
const FULL_DISK_WORDS = /no space left on device|disk quota exceeded/i

export function saysDiskFull(output: string): boolean {
  return FULL_DISK_WORDS.test(output)
}

export function diskFullError(place: string, cause: unknown): DistributionError {
  return new DistributionError(
    'disk-full',
    `no space is left to write to ${place} (${String(cause instanceof Error ? cause.message : cause)}): free some, or name a store on another disk with EVENKEEL_STORE`,
    { cause },
  )
}

/** For `catch` of a promise that writes below `place`: names the place and what to do; other errors stay as they are. */
export function explainDiskError(place: string): (error: unknown) => never {
  return (error) => {
    if (hasErrorCode(error, 'ENOSPC', 'EDQUOT')) throw diskFullError(place, error)
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR')) {
      throw new DistributionError(
        'store-unusable',
        `${place} cannot be written (${String(error)}): make it writable, or name another store with EVENKEEL_STORE`,
        { cause: error },
      )
    }
    throw error
  }
}
