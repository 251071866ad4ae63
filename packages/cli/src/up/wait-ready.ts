import { readFileIfThere, systemClock } from '@evenkeel/kernel'
import type { LocalSubstrate } from '@evenkeel/substrate-local'
import { askReadiness, type OpenedInstallation } from '../installation/index.ts'
import { CommandError, type StepReport } from '../terminal/index.ts'

const READY_DEADLINE_MS = 5 * 60_000
const LOOK_INTERVAL_MS = 100

/** Waits until the service answers and has all that it needs; tells meanwhile what it lacks. */
export async function waitUntilServing(
  opened: OpenedInstallation,
  substrate: LocalSubstrate,
  { report, signal }: { report: StepReport; signal: AbortSignal },
): Promise<void> {
  const deadline = systemClock.now() + READY_DEADLINE_MS
  let last = ''
  for (;;) {
    const ca = opened.trustFile === undefined ? undefined : await readFileIfThere(opened.trustFile)
    const { ready, problems } = await askReadiness(opened.serviceUrl, { ca, signal })
    if (ready) return
    const text = [...problems, ...(await homeLines(substrate))].join('\n')
    if (text !== last) {
      report.live(text)
      last = text
    }
    if (systemClock.now() > deadline) {
      throw new CommandError(
        `the EKS API was not ready in 5 min (${problems.join('; ')}): ./evenkeel status shows what is missing, ./evenkeel logs evenkeel service why`,
      )
    }
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}

async function homeLines(substrate: LocalSubstrate): Promise<string[]> {
  const members = await substrate.instances.observe('home')
  return members.length === 0 ? [] : [`home: ${members.map((member) => `${member.name} ${member.state}`).join(', ')}`]
}
