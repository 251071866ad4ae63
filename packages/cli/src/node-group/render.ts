import { formatDuration, formatTable } from '../terminal/index.ts'
import type { NodeGroupView, NodeView } from './view.ts'

/** A line a node: where it is, how it is, and since when. Pure. */
export function nodeLines(nodes: readonly NodeView[], nowMs: number): string[] {
  return formatTable(
    nodes.map((node) => [
      node.name,
      `zone ${node.zone}`,
      node.instanceType,
      node.releaseVersion,
      node.ready ? 'Ready' : 'NotReady',
      stateText(node, nowMs),
      node.message ?? '',
    ]),
  )
}

/** `Draining for 30 s`; of a node that nothing is done with, for how long it is so. */
function stateText({ state, since }: NodeView, nowMs: number): string {
  const time = since === undefined ? [] : [`for ${formatDuration(nowMs - Date.parse(since))}`]
  return [...(state === 'Joined' ? [] : [state]), ...time].join(' ')
}

/** `2/2 Ready  1.37.2-20261125`. */
function sizeText({ ready, desired, nodes, releaseVersion, newerRelease }: NodeGroupView): string {
  const newer = newerRelease === undefined ? '' : ` (newest: ${newerRelease})`
  return `${ready}/${desired ?? nodes.length} Ready  ${releaseVersion ?? ''}${newer}`.trimEnd()
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
