import { storeRoot } from '@evenkeel/distribution'
import { hasErrorCode, systemClock } from '@evenkeel/kernel'
import {
  AUTHENTICATOR_STATUS_PORT,
  ensureTrees,
  type LocalSubstrate,
  OWN_CLUSTER,
  type OwnProgramContext,
  octetAddress,
  ownPrograms,
  settingsToHandOn,
} from '@evenkeel/substrate-local'
import { askReadiness, type OpenedInstallation, OWN_SLOT, sourceRevision } from '../installation/index.ts'
import { CommandError, type StepReport } from '../terminal/index.ts'
import { isHomeExternal, readSetup } from './setup.ts'

/** What our own programs are started with. */
export async function ownProgramContext(
  opened: OpenedInstallation,
  environment = process.env,
): Promise<OwnProgramContext> {
  const isExternal = isHomeExternal(await readSetup(opened.paths.access))
  return {
    home: opened.paths.home,
    storeRoot: storeRoot(environment),
    revision: await sourceRevision(),
    env: settingsToHandOn(environment),
    ...(isExternal ? { homeKubeconfig: opened.paths.serviceKubeconfig } : {}),
  }
}

const RESTART_DEADLINE_MS = 30_000
const LOOK_INTERVAL_MS = 50

/**
 * Starts our own programs; those that run already go on as they are (see `restartOutdated`). They are written down
 * before their trees are there, too: after a stop these start what they find, and that is not to be the sources of then.
 */
export async function startOwnPrograms(
  opened: OpenedInstallation,
  substrate: LocalSubstrate,
  signal: AbortSignal,
): Promise<void> {
  const specs = ownPrograms(opened.installation, await ownProgramContext(opened))
  for (const spec of specs) {
    await substrate.instances.ensure(spec).catch((error: unknown) => {
      // No trees, or not even their folders: both are made next.
      if (!hasErrorCode(error, 'NotReady', 'ENOENT')) throw error
    })
  }
  await ensureTrees({ home: opened.paths.home, signal })
  for (const spec of specs) await substrate.instances.ensure(spec)
}

/**
 * Restarts those of our own programs that run with other sources or settings than are written down, one after the other:
 * clusters serve on. Answers how many.
 */
export async function restartOutdated(
  opened: OpenedInstallation,
  substrate: LocalSubstrate,
  { report, signal }: { report: StepReport; signal: AbortSignal },
): Promise<number> {
  const outdated = (await substrate.instances.observe(OWN_CLUSTER)).filter(
    ({ runningDigest, writtenDigest }) => runningDigest !== undefined && runningDigest !== writtenDigest,
  )
  for (const { name, pid, component, place } of outdated) {
    if (pid === undefined) continue
    report.event(`restarts ${name}, which runs with other sources`)
    report.live(`restarts ${name}`)
    await substrate.instances.restart({ cluster: OWN_CLUSTER, name }, pid)
    await untilReplaced(substrate, { name, pid, signal })
    // The other zone's verifies tokens meanwhile.
    if (component === 'authenticator') await untilAuthenticating(opened, { zone: place, signal })
  }
  return outdated.length
}

async function untilAuthenticating(
  opened: OpenedInstallation,
  { zone, signal }: { zone: string; signal: AbortSignal },
): Promise<void> {
  const { octet, zones } = opened.installation
  const base = `http://${octetAddress(octet, zones.indexOf(zone) + 1, OWN_SLOT)}:${AUTHENTICATOR_STATUS_PORT}`
  const deadline = systemClock.now() + RESTART_DEADLINE_MS
  while (!(await askReadiness(base, { signal })).ready) {
    if (systemClock.now() > deadline) {
      throw new CommandError(
        `the authenticator of zone ${zone} was not ready in 30 s: look at ./evenkeel logs evenkeel authenticator, then repeat`,
      )
    }
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}

async function untilReplaced(
  substrate: LocalSubstrate,
  { name, pid, signal }: { name: string; pid: number; signal: AbortSignal },
): Promise<void> {
  const deadline = systemClock.now() + RESTART_DEADLINE_MS
  for (;;) {
    const observed = (await substrate.instances.observe(OWN_CLUSTER)).find((instance) => instance.name === name)
    if (observed?.pid !== undefined && observed.pid !== pid) return
    if (systemClock.now() > deadline) {
      throw new CommandError(`${name} did not restart in 30 s: look at ./evenkeel logs evenkeel ${name}, then repeat`)
    }
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}
