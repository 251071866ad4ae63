import { statfs } from 'node:fs/promises'
import { hasErrorCode } from '@evenkeel/kernel'

/**
 * etcd claims its files ahead in pieces of 64 MiB, and gives one back when it fails for want of space: below two of them
 * a home that does not answer is taken to suffer from the disk.
 */
const SCARCE_BYTES = 128 * 2 ** 20

/** Says which disk of these folders is (nearly) full, as a sentence with what to do; undefined where none is. */
export async function fullDiskOf(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const freeBytes = await freeBytesOf(folder)
    if (freeBytes !== undefined && freeBytes < SCARCE_BYTES) {
      const free = Math.floor(freeBytes / 2 ** 20)
      return `The disk of ${folder} has ${free} MiB free, and the home keeps its data there: free some, it goes on by itself.`
    }
  }
  return undefined
}

async function freeBytesOf(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}
