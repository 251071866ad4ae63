import { realpath } from 'node:fs/promises'
import { loadInstallation, stateFolder, stopTrees } from '@evenkeel/substrate-local'
import { lockInstallation, type OpenedInstallation, openSubstrate, viewInstallation } from '../installation/index.ts'
import { formatList, runSteps } from '../terminal/index.ts'

type Print = (line: string) => void

/** How long each program gets after SIGTERM, in seconds: nothing takes over, so nothing has to be handed over. */
function graceSeconds(program: { readonly name: string }): number {
  // Controllers give their leases back in this second, so that their next copies lead at once.
  if (program.name.startsWith('kube-apiserver')) return 1
  return program.name.startsWith('etcd') ? 5 : 3
}

/** Does `work` while no other command changes the installation of the state folder. */
export async function withLock<T>(
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

/** Ends every program of an installation and what supervises them. */
export async function stopEverything(opened: OpenedInstallation, signal: AbortSignal): Promise<void> {
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

/** Such as `6 programs of evenkeel`, `13 programs of fk2m4xw9ab`, `2 machines of fk2m4xw9ab`. */
async function countRunning(opened: OpenedInstallation): Promise<string[]> {
  const { instances, machines } = await openSubstrate(opened)
  const lines: string[] = []
  for (const cluster of await instances.clusters()) {
    const running = (await instances.observe(cluster)).filter((instance) => instance.pid !== undefined)
    if (running.length > 0) lines.push(`${running.length} programs of ${cluster}`)
  }
  for (const cluster of await machines.clusters()) {
    const running = (await machines.observe(cluster)).filter(({ programs }) =>
      programs.some(({ pid }) => pid !== undefined),
    )
    if (running.length > 0) lines.push(`${running.length} machines of ${cluster}`)
  }
  return lines
}
