import type { NodeGroup } from '@evenkeel/contract/kinds'
import { systemClock } from '@evenkeel/kernel'
import { CommandError, formatTable, type StepReport } from '../terminal/index.ts'
import { lookAtNodeGroup, type NodeGroupPlace } from './look.ts'
import { nodeGroupView } from './view.ts'

/** Which node group, and who is told how it goes. */
export interface NodeGroupFollowing extends NodeGroupPlace {
  readonly report: StepReport
  readonly signal: AbortSignal
}

const LOOK_INTERVAL_MS = 150

/** Resolves when the node group is ACTIVE, with what it consists of. Rejects when it is not to be, with the reason. */
export async function followNodeGroupCreation(following: NodeGroupFollowing): Promise<string> {
  const { clusterName, name, report, signal } = following
  let lastText = ''
  for (;;) {
    const group = await lookAtNodeGroup(following)
    if (group === 'absent') throw new CommandError(`node group ${name} is gone: somebody has deleted it`)
    if (group !== 'unknown') {
      const { phase } = nodeGroupView(group)
      if (phase === 'ACTIVE' || phase === 'UPDATING' || phase === 'DEGRADED') return `${phase}: ${summary(group)}`
      if (phase === 'CREATE_FAILED') {
        const why = nodeGroupView(group).waits.join('; ') || 'no reason is on record'
        throw new CommandError(
          `node group ${name} is CREATE_FAILED, for good: ${why}; mend that, then ./evenkeel nodegroup delete ${clusterName} ${name}`,
        )
      }
    }
    const text = group === 'unknown' ? 'waits for the home to answer' : progressText(group)
    if (text !== lastText) report.live(text)
    lastText = text
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}

/** Resolves when nothing of the node group is left. */
export async function followNodeGroupDeletion(following: NodeGroupFollowing): Promise<string> {
  const { report, signal } = following
  let lastText = ''
  for (;;) {
    const group = await lookAtNodeGroup(following)
    if (group === 'absent') return 'gone'
    const text = group === 'unknown' ? 'waits for the home to answer' : progressText(group)
    if (text !== lastText) report.live(text)
    lastText = text
    await systemClock.sleep(LOOK_INTERVAL_MS, signal)
  }
}

/** Its nodes, then what it waits for. */
function progressText(group: NodeGroup): string {
  const { nodes, waits } = nodeGroupView(group)
  const rows = nodes.map(({ name, zone, state, ready }) => [name, `zone ${zone}`, ready ? 'Ready' : 'NotReady', state])
  return [...formatTable(rows), ...waits.slice(0, 1)].join('\n')
}

/** `2 nodes of 1.37.2-20261125 in zones a, b`. */
function summary(group: NodeGroup): string {
  const { nodes, ready, releaseVersion } = nodeGroupView(group)
  const zones = [...new Set(nodes.map(({ zone }) => zone))].sort()
  const where = zones.length === 0 ? '' : ` in ${zones.length === 1 ? 'zone' : 'zones'} ${zones.join(', ')}`
  return `${ready} ${ready === 1 ? 'node' : 'nodes'} of ${releaseVersion}${where}`
}
