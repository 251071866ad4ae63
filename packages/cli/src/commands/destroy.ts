import { lstat, readdir, realpath, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { storeRoot } from '@evenkeel/distribution'
import { hasErrorCode } from '@evenkeel/kernel'
import {
  claimantOf,
  type LocalPaths,
  loadInstallation,
  localPaths,
  releaseClaims,
  stateFolder,
} from '@evenkeel/substrate-local'
import { clientFiles } from '../access/index.ts'
import { removeFromHome } from '../external-home/index.ts'
import { viewInstallation } from '../installation/index.ts'
import { CommandError, EXIT, formatList } from '../terminal/index.ts'
import { isHomeExternal, readSetup } from '../up/index.ts'
import { stopEverything, withLock } from './down.ts'

type Print = (line: string) => void

/** Stops everything and removes the state of an installation, its clusters' data too. */
export async function destroy(options: { readonly yes: boolean }, signal: AbortSignal, print: Print): Promise<void> {
  const home = stateFolder()
  if (!options.yes) {
    throw new CommandError(
      `this would remove ${home} with all clusters and their data, for good: ./evenkeel destroy --yes does it`,
      { exitStatus: EXIT.usage },
    )
  }
  await withLock('evenkeel destroy', { signal, print }, async () => {
    const installation = await loadInstallation(home)
    if (installation === undefined) {
      print(await removeUnfinished(home))
      return
    }
    await stopEverything(viewInstallation(installation, await realpath(home)), signal)
    await leaveExternalHome(localPaths(home), { id: installation.id, signal, print })
    await removeState(home)
    // Before the file that says what this folder is: cut short anywhere, all this can be repeated.
    await releaseClaims(claimantOf({ home }))
    await rm(localPaths(home).installationFile, { force: true })
    const left = await removeFolder(home)
    if (left.length > 0) print(`The folder ${home} stays, with what is not ours: ${formatList(left)}`)
    print(
      `The installation in ${home} is removed. Kubernetes and etcd stay in ${storeRoot()} for other installations: rm -rf ${storeRoot()} removes them`,
    )
  })
}

/** A home of somebody else's goes on without us: what we have made there is removed, or told. */
async function leaveExternalHome(
  paths: LocalPaths,
  { id, signal, print }: { id: string; signal: AbortSignal; print: Print },
) {
  if (!isHomeExternal(await readSetup(paths.access))) return
  const left = await removeFromHome(paths.adminKubeconfig, { id, signal })
  if (left === 'not ours') return
  if (left === 'removed') {
    print('What Evenkeel has made in the home is removed there: kinds, policies, roles, and the namespaces of accounts')
    return
  }
  print(
    `What Evenkeel has made in the home stays there (${left.reason}). With the rights of its owner, this removes it:`,
  )
  for (const command of left.commands) print(`  ${command}`)
}

/** What an `up` leaves that ended before the installation was on record: folders that are empty, and claims. */
async function removeUnfinished(home: string): Promise<string> {
  if (!(await isFolder(home))) {
    await releaseClaims({ home })
    return `there is no installation in ${home}: nothing to remove`
  }
  const names = await readdir(home)
  const foreign = await Promise.all(names.map(async (name) => ((await isUnfinished(home, name)) ? [] : [name])))
  const [first] = foreign.flat()
  if (first !== undefined) {
    throw new CommandError(
      `${home} is no installation of Evenkeel (it has ${first}, and no installation.json): nothing is removed; EVENKEEL_HOME names the folder of one`,
    )
  }
  await removeState(home)
  await releaseClaims(claimantOf({ home }))
  await removeFolder(home)
  return `The unfinished installation in ${home} is removed`
}

/** A folder of ours without any file in it, or a draft of installation.json. */
async function isUnfinished(home: string, name: string): Promise<boolean> {
  const path = join(home, name)
  if (isDraft(name)) return true
  if (!ourPaths(home).includes(path) || !(await isFolder(path))) return false
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.every((entry) => entry.isDirectory())
}

function isDraft(name: string): boolean {
  return /^\.+installation\..*\.tmp$/.test(name)
}

/** What is ours, by name: somebody may keep other things in the folder that EVENKEEL_HOME names. */
function ourPaths(home: string): readonly string[] {
  const { run, volumes, records, machines, images, locks, network, logs, mirror, access, aws, kube } = localPaths(home)
  const { programs } = clientFiles(home)
  return [run, volumes, records, machines, images, locks, network, logs, mirror, access, aws, kube, programs]
}

async function removeState(home: string): Promise<void> {
  for (const path of ourPaths(home)) {
    await removeTree(path).catch(async (error: unknown) => {
      if (!hasErrorCode(error, 'EBUSY')) throw error
      // A disk of its own is mounted here: emptied, and the folder stays.
      for (const name of await readdir(path)) await removeTree(join(path, name))
    })
  }
  for (const name of await readdir(home)) if (isDraft(name)) await removeTree(join(home, name))
}

async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
}

/** Removes the state folder unless somebody keeps things in it, or it is where a disk is mounted; answers what is left. */
async function removeFolder(home: string): Promise<readonly string[]> {
  const left = await readdir(home)
  if (left.length > 0) return left
  await rmdir(home).catch((error: unknown) => {
    if (!hasErrorCode(error, 'EBUSY')) throw error
  })
  return []
}

async function isFolder(path: string): Promise<boolean> {
  return await lstat(path).then(
    (found) => found.isDirectory() || found.isSymbolicLink(),
    (error: unknown) => {
      if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return false
      throw error
    },
  )
}
