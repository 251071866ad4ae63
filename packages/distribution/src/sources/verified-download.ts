import { rm, stat } from 'node:fs/promises'
import { DistributionError } from '../faults.ts'
import { type Digest, digestOfFile } from './digest.ts'
import { conditionFileOf } from './http-site.ts'
import type { Site, SiteFile, Transfer } from './site.ts'

export interface VerifiedFile extends SiteFile {
  readonly digest: Digest
  /** Who says that this is its digest, as the end of a sentence. */
  readonly authority: string
}

/**
 * Brings a file whose digest is known. Where a continued download comes out wrong, it is fetched once more as a whole,
 * since the earlier part may have been of another version; after that, a wrong digest is an error and the file is gone.
 */
export async function downloadVerified(site: Site, file: VerifiedFile, transfer: Transfer): Promise<void> {
  for (let mayBeMixed = true; ; mayBeMixed = false) {
    const { resumed } = await site.download(file, transfer).catch(giveUpSpace(file))
    const digest = await digestOfFile(file.partial, file.digest, transfer.signal)
    if (digest === file.digest) return
    const { size } = await stat(file.partial)
    await discardPartial(file.partial)
    if (resumed && mayBeMixed) continue
    throw new DistributionError(
      'wrong-digest',
      `${site.describe(file.path)} is not what it should be: its ${size} bytes have ${digest}, but ${file.digest} is ` +
        `${file.authority}. It was thrown away: it is damaged, cut short, or not from where it says`,
    )
  }
}

/** A partial file on a full disk would only keep it full. */
function giveUpSpace({ partial }: VerifiedFile): (error: unknown) => Promise<never> {
  return async (error) => {
    if (error instanceof DistributionError && error.fault === 'disk-full') await discardPartial(partial)
    throw error
  }
}

export async function discardPartial(partial: string): Promise<void> {
  await rm(partial, { force: true })
  await rm(conditionFileOf(partial), { force: true })
}
