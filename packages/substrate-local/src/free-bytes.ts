import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'

/** Bytes that we may still write to the file system where `path` is, or will be. */
export async function freeBytesOf(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT') || dirname(path) === path) throw error
    return await freeBytesOf(dirname(path))
  }
}
