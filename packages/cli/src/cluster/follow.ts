import { CLUSTERS, type Cluster, type ClusterStatus, objectName } from '@evenkeel/contract/kinds'
import { isNotFound, isUnavailable, type KubeClient, systemClock } from '@evenkeel/kernel'
import { CommandError, type StepReport } from '../terminal/index.ts'
import { memberLines, newlyReady, progressText, summarize } from './members.ts'

/** Where a cluster's object is in the home, and who is told how it goes. */
export interface FollowOptions {
  readonly home: KubeClient
  readonly namespace: string
  /** EKS name. */
  readonly name: string
  readonly report: StepReport
  readonly signal: AbortSignal
}

const LOOK_INTERVAL_MS = 150

/** The cluster as the home has it; `unknown` while the home does not answer. */
async function look(options: FollowOptions): Promise<Cluster | 'absent' | 'unknown'> {
  const { home, namespace, name, signal } = options
  try {
    return await home.get<Cluster>(CLUSTERS, { namespace, name: objectName(name), signal })
  } catch (error) {
    if (isNotFound(error)) return 'absent'
    if (isUnavailable(error) && !signal.aborted) return 'unknown'
    throw error
  }
}

/** Tells what is new and what is waited for, in both ways of telling. */
function makeTeller(report: StepReport) {
  let last: ClusterStatus | undefined
  let lastText = ''
  return (status: ClusterStatus | undefined, text: string) => {
    for (const line of newlyReady(last?.members ?? [], status?.members ?? [])) report.event(line)
    if (text !== lastText) report.live(text)
    last = status
    lastText = text
  }
}

/**
 * Resolves when the cluster is ACTIVE, with what it consists of. Rejects when it is FAILED, with the reason, and when
 * it is deleted meanwhile.
 */
export async function followCreation(options: FollowOptions): Promise<string> {
  const { name, report, signal } = options
  const tell = makeTeller(report)
  for (;;) {
    const cluster = await look(options)
    if (cluster === 'absent') throw new CommandError(`cluster ${name} is gone: somebody has deleted it`)
    if (cluster !== 'unknown') {
      const { status, spec } = cluster
      if (status?.phase === 'ACTIVE' || status?.phase === 'UPDATING') {
        return `ACTIVE: ${summarize(spec.version, status.members ?? [])}`
      }
      if (status?.phase === 'FAILED') throw failed(name, status)
      tell(status, progressText(status))
    } else {
      report.live('waits for the home to answer')
    }
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}

function failed(name: string, status: ClusterStatus): CommandError {
  const issues = status.health?.issues.map((issue) => `${issue.code}: ${issue.message}`) ?? []
  const why = issues.length === 0 ? 'no reason is on record' : issues.join('; ')
  return new CommandError(
    `cluster ${name} is FAILED, for good: ${why}; mend that, then ./evenkeel cluster delete ${name}`,
  )
}

/** Resolves when nothing of the cluster is left. */
export async function followDeletion(options: FollowOptions): Promise<undefined> {
  const { report, signal } = options
  let lastText = ''
  for (;;) {
    const cluster = await look(options)
    if (cluster === 'absent') return undefined
    const text = cluster === 'unknown' ? 'waits for the home to answer' : deletionText(cluster)
    if (text !== lastText) report.live(text)
    lastText = text
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}

function deletionText(cluster: Cluster): string {
  const left = (cluster.status?.members ?? []).filter((member) => member.state !== 'Absent')
  return left.length === 0 ? 'removes volumes, records and addresses' : memberLines(left).join('\n')
}
