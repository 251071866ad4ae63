import { chmod, lstat, mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { hasErrorCode } from '@evenkeel/kernel'
import { SubstrateFault } from '@evenkeel/substrate'
import { type Claim, dropClaim, isOwnerGone, makeClaim, readClaims } from '../claims.ts'
import { acquireExclusion } from '../exclusion.ts'

/**
 * Folders where installations of all users of one machine claim what is the machine's: octets and ports. Both are read
 * always; a claim is made in the first that lets us. Neither is emptied by a restart of the machine. The second is for
 * machines where root never made the first; anybody may write there, and with the sticky bit nobody can take another
 * user's claim away.
 */
export const MACHINE_FOLDERS: readonly string[] = ['/var/lib/evenkeel/installations', '/var/tmp/evenkeel-installations']

/** Who claims, and where claims are kept; `folders` is for tests. */
export interface Claimant {
  /** State folder, absolute and without symbolic links. */
  readonly home: string
  readonly folders?: readonly string[]
}

const isOurs = (claimant: Claimant) => (claim: { owner: string }) => claim.owner === claimant.home

/** Names of what this installation holds, such as `octet-7` or `port-7443`. */
export async function heldClaims(claimant: Claimant): Promise<readonly string[]> {
  const all = await Promise.all(foldersOf(claimant).map((folder) => readClaims(folder)))
  return all
    .flat()
    .filter(isOurs(claimant))
    .map(({ name }) => name)
}

/**
 * Tries to claim `name`; answers the state folder of who has it where that is somebody else. A claim whose state folder
 * is gone is taken over, where the file system lets us.
 */
export async function tryClaim(
  claimant: Claimant,
  name: string,
): Promise<{ taken: true } | { taken: false; by: string }> {
  for (const folder of foldersOf(claimant)) {
    const other = (await readClaims(folder)).find((claim) => claim.name === name)
    if (other === undefined) continue
    if (isOurs(claimant)(other)) return { taken: true }
    if (!(await dropStale(folder, [name]))) return { taken: false, by: other.owner }
  }
  const folder = await firstWritable(claimant)
  const owner = await makeClaim(folder, { name, owner: claimant.home })
  if (owner !== claimant.home) return { taken: false, by: owner }
  // Somebody may have claimed it in the other folder meanwhile: then both step back.
  for (const elsewhere of foldersOf(claimant).filter((path) => path !== folder)) {
    const other = (await readClaims(elsewhere)).find((claim) => claim.name === name)
    if (other !== undefined && !isOurs(claimant)(other)) {
      await dropClaim(folder, name)
      return { taken: false, by: other.owner }
    }
  }
  return { taken: true }
}

/** A claim whose installation is gone: its state folder was removed without `destroy`. */
export interface StaleClaim extends Claim {
  /** Where the claim is. */
  readonly folder: string
}

export async function staleClaims(folders: readonly string[] = MACHINE_FOLDERS): Promise<readonly StaleClaim[]> {
  const all = await Promise.all(
    folders.map(async (folder) => (await readClaims(folder)).map((claim) => ({ ...claim, folder }))),
  )
  const gone = await Promise.all(all.flat().map(async (claim) => ((await isOwnerGone(claim.owner)) ? [claim] : [])))
  return gone.flat()
}

/** Removes the claims of installations that are gone, as far as the file system lets us (other users' stay). */
export async function sweepClaims(claimant: Claimant): Promise<void> {
  const stale = Map.groupBy(await staleClaims(foldersOf(claimant)), ({ folder }) => folder)
  for (const [folder, claims] of stale) {
    await dropStale(
      folder,
      claims.map(({ name }) => name),
    )
  }
}

/** Gives up everything, or only `names`: when the state of an installation is removed. */
export async function releaseClaims(claimant: Claimant, names?: readonly string[]): Promise<void> {
  for (const folder of foldersOf(claimant)) {
    const held = (await readClaims(folder)).filter(isOurs(claimant))
    await Promise.all(
      held.filter(({ name }) => names?.includes(name) ?? true).map(({ name }) => dropClaim(folder, name)),
    )
  }
}

/** Whether a TCP port can be listened on now. */
export async function canBind(host: string, port: number): Promise<boolean> {
  const server = createServer()
  return await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error) => {
      if (hasErrorCode(error, 'EADDRINUSE', 'EACCES')) resolve(false)
      else
        reject(
          new SubstrateFault('NoCapacity', `${host}:${port} cannot be listened on: ${error.message}`, { cause: error }),
        )
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

function foldersOf(claimant: Claimant): readonly string[] {
  return claimant.folders ?? MACHINE_FOLDERS
}

/** Dropping takes moments; who waits longer than this waits for somebody who means harm. */
const DROP_PATIENCE_MS = 5000

/**
 * Drops claims whose installations are gone; answers whether all of them are away. One at a time on this machine, and
 * each claim is read again then: who had found it stale, too, may have dropped it, and another may have claimed the same
 * meanwhile.
 */
async function dropStale(folder: string, names: readonly string[]): Promise<boolean> {
  let exclusion: Awaited<ReturnType<typeof acquireExclusion>>
  try {
    exclusion = await acquireExclusion('claims', folder, AbortSignal.timeout(DROP_PATIENCE_MS))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return false
    throw error
  }
  try {
    const claims = (await readClaims(folder)).filter(({ name }) => names.includes(name))
    const dropped = await Promise.all(
      claims.map(async ({ name, owner }) => (await isOwnerGone(owner)) && (await dropIfAllowed(folder, name))),
    )
    return dropped.every(Boolean)
  } finally {
    await exclusion.release()
  }
}

async function dropIfAllowed(folder: string, name: string): Promise<boolean> {
  try {
    await dropClaim(folder, name)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EROFS')) return false
    throw error
  }
}

async function firstWritable(claimant: Claimant): Promise<string> {
  for (const folder of foldersOf(claimant)) {
    if (await isUsable(folder)) return folder
  }
  throw new SubstrateFault(
    'NoCapacity',
    `no folder for the claims of this machine can be written: make ${foldersOf(claimant)[0]} with mode 1777`,
  )
}

async function isUsable(folder: string): Promise<boolean> {
  try {
    const made = await mkdir(folder, { recursive: true })
    // By chmod, since the umask cuts what mkdir gives.
    if (made !== undefined) await chmod(folder, 0o1777)
    const found = await lstat(folder)
    return found.isDirectory() && ((found.mode & 0o1002) === 0o1002 || found.uid === process.getuid?.())
  } catch (error) {
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR')) return false
    throw error
  }
}
