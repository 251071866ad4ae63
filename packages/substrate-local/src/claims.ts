import { lstat, readdir, readlink, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '@evenkeel/kernel'

/**
 * A claim is a symbolic link whose name is what is claimed and whose target says by whom. Making one is atomic and
 * exclusive, its content is never half there, and everybody may read it, whatever the modes of what it points to.
 */
export interface Claim {
  readonly name: string
  readonly owner: string
}

/** Makes a claim unless there is one; answers whose it is afterwards. */
export async function makeClaim(folder: string, claim: Claim): Promise<string> {
  const path = join(folder, claim.name)
  for (;;) {
    try {
      await symlink(claim.owner, path)
      return claim.owner
    } catch (error) {
      if (!hasErrorCode(error, 'EEXIST')) throw error
    }
    const owner = await readOwner(path)
    if (owner !== undefined) return owner
  }
}

/** All claims of a folder; none where there is no such folder. */
export async function readClaims(folder: string): Promise<Claim[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  })
  const claims = await Promise.all(names.map(async (name) => ({ name, owner: await readOwner(join(folder, name)) })))
  return claims.filter((claim): claim is Claim => claim.owner !== undefined)
}

/** Gives a claim up; one that is not there is fine. */
export async function dropClaim(folder: string, name: string): Promise<void> {
  await unlink(join(folder, name)).catch((error: unknown) => {
    if (!hasErrorCode(error, 'ENOENT')) throw error
  })
}

/** Whether the folder that owns a claim is known to be gone: what may not be looked at is not known to be. */
export async function isOwnerGone(owner: string): Promise<boolean> {
  try {
    await lstat(owner)
    return false
  } catch (error) {
    return hasErrorCode(error, 'ENOENT', 'ENOTDIR')
  }
}

/** Undefined where there is no claim, or something that is none. */
async function readOwner(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    if (hasErrorCode(error, 'EINVAL'))
      throw new Error(`${path} is not a claim of Evenkeel: move it away`, { cause: error })
    throw error
  }
}
