import {
  checkSources,
  ensurePrograms,
  missingPrograms,
  PROGRAM_SETS,
  type ProgramRequest,
  type ProgressEvent,
  type SourceCheck,
  titleOf,
} from '@evenkeel/distribution'
import { CommandError, formatBytes, formatDuration, type Step, type StepReport } from '../terminal/index.ts'

/** What an installation needs of upstream: of what is released together only this is downloaded. */
export function requestFor(release: { readonly kubernetes: { version: string }; readonly etcd: { version: string } }) {
  return {
    kubernetes: [release.kubernetes.version],
    etcd: [release.etcd.version],
    programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'etcd'],
  } as const satisfies ProgramRequest
}

/** Throws, with what would help, where something can be had from nowhere: said before any work starts. Pure. */
export function requireObtainable(checks: readonly SourceCheck[]): void {
  for (const [wanted, lines] of Map.groupBy(checks, (check) => `${titleOf(check.set)} ${check.version}`)) {
    if (lines.some((line) => line.isUsable)) continue
    const reasons = lines.map((line) => `${line.source}: ${line.detail}`).join('; ')
    const mends = [...new Set(lines.flatMap((line) => line.mend ?? []))]
    const next = mends.length === 0 ? '' : `; ${mends.join(', or ')}, then repeat`
    throw new CommandError(`${wanted} can be had from nowhere (${reasons})${next}`)
  }
}

/** Looks whether everything is here or can be had, without fetching it; asks nobody for what is here. */
export async function checkObtainable(request: ProgramRequest, signal: AbortSignal): Promise<void> {
  if ((await missingPrograms(request)).length === 0) return
  requireObtainable(await checkSources(request, { signal }))
}

/** One line: from where, how far, how long. Pure. */
export function progressLine(event: ProgressEvent): string {
  const { phase, message, doneBytes, totalBytes, donePackages, totalPackages, elapsedMs } = event
  const parts = [message]
  if (phase === 'downloading' && doneBytes !== undefined) {
    parts.push(
      totalBytes === undefined ? formatBytes(doneBytes) : `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
    )
  }
  if (phase === 'building' && donePackages !== undefined) {
    parts.push(`${donePackages}${totalPackages === undefined ? '' : ` of ${totalPackages}`} packages`)
  }
  return `${parts.join(', ')}, ${formatDuration(elapsedMs)}`
}

/** Without a terminal, a line this often while nothing but the numbers change. */
const EVENT_INTERVAL_MS = 30_000

/** Tells the events of one set: all on a terminal, else what is new and now and then how far it is. */
function makeTeller(report: StepReport) {
  let told: { phase: string; message: string; elapsedMs: number } | undefined
  return (event: ProgressEvent) => {
    if (event.phase === 'installed') return
    if (event.phase === 'skipped-source') {
      report.note(event.message)
      return
    }
    report.live(progressLine(event))
    const isNew = told === undefined || told.phase !== event.phase
    if (isNew || event.elapsedMs - (told?.elapsedMs ?? 0) >= EVENT_INTERVAL_MS) {
      report.event(progressLine(event))
      told = event
    }
  }
}

/**
 * A step for each set of one request: sources of all are found before anything is fetched. `signal` is that of the
 * steps.
 */
export function programSteps(request: ProgramRequest, signal: AbortSignal): Step[] {
  const listeners = new Map<string, (event: ProgressEvent) => void>()
  const missed: ProgressEvent[] = []
  let running: ReturnType<typeof ensurePrograms> | undefined
  const begin = () => {
    running ??= ensurePrograms(request, {
      signal,
      onProgress: (event) => {
        const listener = listeners.get(event.set)
        if (listener === undefined) missed.push(event)
        else listener(event)
      },
    })
    return running
  }
  const sets = PROGRAM_SETS.flatMap((set) => {
    const versions = request[set] ?? []
    return versions.length === 0 ? [] : [{ set, versions }]
  })
  return sets.map(({ set, versions }) => ({
    title: `${titleOf(set)} ${versions.join(', ')}`,
    run: async (report) => {
      const tell = makeTeller(report)
      const installed = Promise.withResolvers<string>()
      const listen = (event: ProgressEvent) => {
        tell(event)
        if (event.phase === 'installed') installed.resolve(event.message)
      }
      for (const event of missed.filter((candidate) => candidate.set === set)) listen(event)
      listeners.set(set, listen)
      const all = begin().then(() => 'installed')
      return await Promise.race([installed.promise, all])
    },
  }))
}
