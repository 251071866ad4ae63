import { readdir, realpath, rm, rmdir } from 'node:fs/promises'
import { storeRoot } from '@evenkeel/distribution'
import {
  claimantOf,
  loadInstallation,
  localPaths,
  releaseClaims,
  stateFolder,
  stopTrees,
} from '@evenkeel/substrate-local'
import { clientFiles } from '../access/index.ts'
import { lockInstallation, type OpenedInstallation, openSubstrate, viewInstallation } from '../installation/index.ts'
import { CommandError, EXIT, formatList, runSteps } from '../terminal/index.ts'

type Print = (line: string) => void

/** How long each program gets after SIGTERM, in seconds: nothing takes over, so nothing has to be handed over. */
function graceSeconds(program: { readonly name: string }): number {
  // Controllers give their leases back in this second, so that their next copies lead at once.
  if (program.name.startsWith('kube-apiserver')) return 1
  return program.name.startsWith('etcd') ? 5 : 3
}

async function withLock<T>(
  deed: string,
  context: { signal: AbortSignal; print: Print },
  work: (home: string) => Promise<T>,
) {
  const home = stateFolder()
  const { signal, print } = context
  const onWait = (holder: string) => print(`waits for ${holder}, which is at work on ${home}`)
  const lock = await lockInstallation(home, { deed, signal, onWait })
  try {
    return await work(home)
  } finally {
    await lock.release()
  }
}

/** Stops everything of an installation and keeps its state. */
export async function down(signal: AbortSignal, print: Print): Promise<void> {
  await withLock('evenkeel down', { signal, print }, async (home) => {
    const installation = await loadInstallation(home)
    if (installation === undefined) {
      print(`there is no installation in ${home}: nothing to stop`)
      return
    }
    await stopEverything(viewInstallation(installation, await realpath(home)), signal)
    print(`Everything is stopped. State stays in ${home}: ./evenkeel up brings it all back`)
  })
}

async function stopEverything(opened: OpenedInstallation, signal: AbortSignal): Promise<void> {
  const running = await countRunning(opened)
  await runSteps(
    [
      {
        title: running.length === 0 ? 'stop' : `stop ${formatList(running)}`,
        run: async () => {
          await stopTrees({ home: opened.paths.home, signal, graceSeconds })
          return undefined
        },
      },
    ],
    { signal },
  )
}

/** Such as `6 programs of evenkeel`, `2 of home`, `13 of fk2m4xw9ab`. */
async function countRunning(opened: OpenedInstallation): Promise<string[]> {
  const { instances } = await openSubstrate(opened)
  const lines: string[] = []
  for (const cluster of await instances.clusters()) {
    const running = (await instances.observe(cluster)).filter((instance) => instance.pid !== undefined)
    if (running.length > 0) lines.push(`${running.length} programs of ${cluster}`)
  }
  return lines
}

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
      print(`there is no installation in ${home}: nothing to remove`)
      return
    }
    await stopEverything(viewInstallation(installation, await realpath(home)), signal)
    const claimant = await claimantOf({ home })
    const left = await removeState(home)
    await releaseClaims(claimant)
    if (left.length > 0) print(`${formatList(left)} in ${home} is not ours and stays`)
    print(
      `The installation in ${home} is removed. Kubernetes and etcd stay in ${storeRoot()} for other installations: rm -rf ${storeRoot()} removes them`,
    )
  })
}

/**
 * What is ours, by name: somebody may keep other things in the folder that EVENKEEL_HOME names. The file that says what
 * this folder is goes last, so that a removal that was interrupted can be repeated. Answers what is left.
 */
async function removeState(home: string): Promise<string[]> {
  const { run, volumes, records, locks, network, logs, mirror, access, aws, kube, installationFile } = localPaths(home)
  const { programs } = clientFiles(home)
  for (const path of [
    run,
    volumes,
    records,
    locks,
    network,
    logs,
    mirror,
    access,
    aws,
    kube,
    programs,
    installationFile,
  ]) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  }
  const left = await readdir(home)
  if (left.length === 0) await rmdir(home)
  return left
}
