import type { NodeStatus } from '@evenkeel/contract/kinds'
import { formatDuration, formatTable } from '../terminal/index.ts'
import type { NodeGroupView } from './view.ts'

/** A line a node: where it is, how it is, and since when. Pure. */
export function nodeLines(nodes: readonly NodeStatus[], nowMs: number): string[] {
  return formatTable(
    nodes.map((node) => [
      node.name,
      `zone ${node.zone}`,
      node.instanceType,
      node.releaseVersion,
      node.ready ? 'Ready' : 'NotReady',
      `${node.state === 'Joined' ? '' : `${node.state} `}for ${formatDuration(nowMs - Date.parse(node.since))}`,
      node.message ?? '',
    ]),
  )
}

/** `2/2 Ready of 1.37.2-20261125`. */
export function sizeText({ ready, desired, releaseVersion, newerRelease }: NodeGroupView): string {
  const newer = newerRelease === undefined ? '' : ` (newest: ${newerRelease})`
  return `${ready}/${desired} Ready  ${releaseVersion}${newer}`
}

/** A line a node group, and below it what is not as it should be. Pure. */
export function nodeGroupLines(groups: readonly NodeGroupView[], nowMs: number): string[] {
  const table = formatTable(groups.map((group) => [`node group ${group.name}`, group.phase, sizeText(group)]))
  return groups.flatMap((group, at) => {
    const away = group.nodes.filter((node) => !node.ready || node.state !== 'Joined')
    return [
      table[at] ?? '',
      ...nodeLines(away, nowMs).map((line) => `  ${line}`),
      ...group.waits.map((wait) => `  waits: ${wait}`),
    ]
  })
}
