import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureFolder, hasErrorCode, readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'
import { type Place, SubstrateFault } from '@evenkeel/substrate'
import { withDiskFaults } from '../disk-faults.ts'
import { type LocalPaths, PLACES } from '../installation/index.ts'
import { signalProcess, writeToFifo } from '../processes/index.ts'
import { observeTreeProcesses, seemWhole, type TreeProcesses } from './tree-processes.ts'
import {
  scanControlOf,
  scanFolderOf,
  sisterOf,
  treeCommand,
  treeEnvironment,
  treeLockOf,
  treeLogOf,
  watchFolderOf,
  watchScript,
} from './tree-scripts.ts'

const LOOK_AGAIN_MS = 10
const DEADLINE_MS = 10_000

/**
 * Brings all trees to where they are to be: an s6-svscan per place, each in its present folder, each watched by its
 * sister, and no supervisor left of trees that are gone. Programs live on whatever is repaired. The caller holds the
 * exclusive right to the trees. Answers what it did, in words; nothing when all was well.
 */
export async function bringUpTrees(paths: LocalPaths): Promise<readonly string[]> {
  const done: string[] = []
  await withDiskFaults(paths.run, async () => {
    for (const folder of [paths.locks, paths.logs, paths.trees, paths.services]) await ensureFolder(folder)
    for (const place of PLACES) {
      await ensureFolder(scanFolderOf(paths, place))
      await ensureFolder(join(paths.services, place))
      if (await writeWatchFolder(paths, place)) done.push(`wrote what watches tree ${sisterOf(place)}`)
    }
  })
  if (done.length === 0 && (await seemWhole(paths))) return done
  const deadline = performance.now() + DEADLINE_MS
  const launched = new Set<Place>()
  for (;;) {
    const observed = await observeTreeProcesses(paths)
    const open = await mend(paths, observed, launched, done)
    // A tree that has just become an s6-svscan does not listen yet. Told to look for what was written without it.
    if (!open && (await tellAll(paths))) return done
    if (performance.now() > deadline) throw await notComing(paths, observed)
    await sleep(LOOK_AGAIN_MS)
  }
}

/** Has every tree look at its folder; answers whether all were there to hear. */
async function tellAll(paths: LocalPaths): Promise<boolean> {
  const heard = await Promise.all(PLACES.map((place) => writeToFifo(scanControlOf(paths, place), 'a')))
  return heard.every(Boolean)
}

/** One look, one set of repairs; answers whether something is still to come. */
async function mend(
  paths: LocalPaths,
  observed: TreeProcesses,
  launched: Set<Place>,
  done: string[],
): Promise<boolean> {
  // Strays first: a stale one might take over the lock of the tree that is ended next.
  for (const stray of observed.strays) {
    if (signalProcess(stray, 'SIGKILL')) done.push(`ended stray ${stray.command} ${stray.pid}`)
  }
  let open = observed.strays.length > 0
  for (const place of PLACES) {
    const tree = observed.trees.get(place)
    if (tree?.state === 'working') continue
    open = true
    if (tree?.state === 'stale' && signalProcess(tree, 'SIGKILL')) {
      done.push(`ended the s6-svscan ${tree.pid} of tree ${place}: its folder was gone`)
    }
    // The sister takes over where there is one. Both may try: the lock lets one through.
    if (tree === undefined && !launched.has(place)) {
      launched.add(place)
      await launchTree(paths, place)
      done.push(`started tree ${place}`)
    }
  }
  return open
}

async function launchTree(paths: LocalPaths, place: Place): Promise<void> {
  const log = await open(treeLogOf(paths, place), 'a', 0o600)
  try {
    const child = spawn('s6-setlock', ['-n', treeLockOf(paths, place), ...treeCommand(paths, place)], {
      cwd: '/',
      env: treeEnvironment(paths, place),
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    })
    child.unref()
    await once(child, 'spawn')
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error
    throw new SubstrateFault('NotFound', 's6 is not installed: apt-get install s6', { cause: error })
  } finally {
    await log.close()
  }
}

/** Answers whether it was missing or different. */
async function writeWatchFolder(paths: LocalPaths, place: Place): Promise<boolean> {
  const folder = watchFolderOf(paths, place)
  const watched = sisterOf(place)
  const script = watchScript(paths, watched)
  let changed = false
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readFileIfThere(join(folder, 'run'))) !== script) {
    await writeFileAtomic(join(folder, 'run'), script, { mode: 0o700 })
    changed = true
  }
  const changedLink = await ensureLink(join(scanFolderOf(paths, place), `tree-${watched}`), folder)
  return changed || changedLink
}

/** Makes a symbolic link, or one anew that leads elsewhere; answers whether it did. */
export async function ensureLink(path: string, target: string): Promise<boolean> {
  try {
    await symlink(target, path)
    return true
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
  }
  if ((await readlink(path)) === target) return false
  await rm(path)
  await symlink(target, path)
  return true
}

async function notComing(paths: LocalPaths, observed: TreeProcesses): Promise<SubstrateFault> {
  const missing = PLACES.filter((place) => observed.trees.get(place)?.state !== 'working')
  const log = treeLogOf(paths, missing[0] ?? PLACES[0]!)
  const last = await readFile(log, 'utf8').then(
    (text) => text.trimEnd().split('\n').at(-1) ?? '',
    () => '',
  )
  return new SubstrateFault(
    'NotReady',
    `the supervision of ${missing.join(', ') || 'all places'} did not settle within ${DEADLINE_MS / 1000} s; the end of ${log}: ${last}`,
  )
}
