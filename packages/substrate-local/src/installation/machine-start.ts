import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureFolder, readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'
import { isAnyRunning } from '../processes/index.ts'
import type { LocalPaths } from './paths.ts'

/** Changes with every start of the machine (Linux). */
const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/** Holds, in `run`, the start of the machine since which that folder was written to. */
const MARK = 'boot-id'

/**
 * Removes `run` when the machine was started anew since it was written: what is rendered there is not synced to disk, so
 * that a power cut may have left files that are empty or old, and nobody would look into them. Keepers render it again.
 * Left alone while anything of ours runs. `bootId` is for tests.
 */
export async function discardRunOfEarlierStart(paths: LocalPaths, bootId?: string): Promise<void> {
  const mark = join(paths.run, MARK)
  const now = (bootId ?? (await readFileIfThere(BOOT_ID)))?.trim()
  const then = await readFileIfThere(mark)
  // Some sandboxes have no such file: there a folder is taken as it is.
  if (now === undefined || then === now || isAnyRunning(paths.home)) return
  if (then !== undefined) await rm(paths.run, { recursive: true, force: true, maxRetries: 3 })
  await ensureFolder(paths.run, 0o700)
  await writeFileAtomic(mark, now, { durable: true })
}
