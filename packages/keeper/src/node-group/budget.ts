import type { NodeGroupIntent } from '../intent/index.ts'
import type { NodeGroupSnapshot } from './snapshot.ts'

/** Nodes that an update may take away at once, and that it may have too many of: count, or percentage rounded down. */
export function maxUnavailable({ spec }: NodeGroupIntent): number {
  const { maxUnavailable: count, maxUnavailablePercentage: percentage } = spec.updateConfig
  if (percentage === undefined) {
    return count ?? 1
  }
  return Math.max(1, Math.floor((spec.scalingConfig.desiredSize * percentage) / 100))
}

/** Whether a machine's Node is there and Ready. */
export function isReady({ nodes }: Pick<NodeGroupSnapshot, 'nodes'>, machine: string): boolean {
  return nodes.known && nodes.byName.get(machine)?.ready === true
}
