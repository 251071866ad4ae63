import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasErrorCode, syncFolder } from '@evenkeel/kernel'
import { explainDiskError } from './disk-error.ts'
import { isProgramFile } from './layout.ts'

/**
 * Moves whole, checked programs from a staging folder into the folder of their set: all at once by renaming the folder
 * where the set is new, else one by one beside what is there. Programs that are there already stay, since they may be
 * running. Content is on disk before its name is: a power cut leaves no empty program.
 */
export async function installPrograms(staged: string, programs: readonly string[], target: string): Promise<void> {
  const explain = explainDiskError(target)
  for (const program of programs) {
    await syncFile(join(staged, program)).catch(explain)
  }
  await syncFolder(staged)
  await mkdir(dirname(target), { recursive: true }).catch(explain)
  try {
    await rename(staged, target)
  } catch (error) {
    if (!hasErrorCode(error, 'ENOTEMPTY', 'EEXIST')) explain(error)
    for (const program of programs) {
      const path = join(target, program)
      if (!(await isProgramFile(path))) await rename(join(staged, program), path).catch(explain)
    }
    await syncFolder(target)
  }
  await syncFolder(dirname(target))
}

/** Moves one whole file from a staging folder to its place: all of it or nothing, and on disk before it has its name. */
export async function installFile(staged: string, target: string): Promise<void> {
  const explain = explainDiskError(target)
  await syncFile(staged).catch(explain)
  await mkdir(dirname(target), { recursive: true }).catch(explain)
  await rename(staged, target).catch(explain)
  await syncFolder(dirname(target))
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
