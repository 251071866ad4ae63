import type { NodeTaint } from '@evenkeel/contract/kinds'
import { type KubeTaint, kubeTaint } from '../node/index.ts'
import { DRAINED_BY_KEEPER } from './plan-retirement.ts'
import type { ObservedNode } from './snapshot.ts'

/** What the keeper has put on a node, as JSON: what is no longer wanted is taken off, and nothing of others is. */
const APPLIED = 'evenkeel.dev/node-group'

interface Applied {
  readonly labels: readonly string[]
  readonly taints: readonly KubeTaint[]
}

export interface WantedMarks {
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly NodeTaint[]
}

/** JSON merge patch that brings labels and taints of a node to what its group says; undefined when they are. Pure. */
export function marksPatch(node: ObservedNode, wanted: WantedMarks): object | undefined {
  const applied = readApplied(node)
  const taints = wanted.taints.map(kubeTaint)
  const gone = applied.labels.filter((name) => !(name in wanted.labels) && name in node.labels)
  const changed = Object.entries(wanted.labels).filter(([name, value]) => node.labels[name] !== value)
  const others = node.taints.filter((taint) => !isIn(taint, applied.taints) && !isIn(taint, taints))
  const isTainted = taints.every((taint) => node.taints.some((one) => isSame(one, taint)))
  const hasStale = node.taints.some((taint) => isIn(taint, applied.taints) && !isIn(taint, taints))
  const note = JSON.stringify({ labels: Object.keys(wanted.labels).sort(), taints })
  if (gone.length === 0 && changed.length === 0 && isTainted && !hasStale && node.annotations[APPLIED] === note) {
    return undefined
  }
  return {
    metadata: {
      labels: { ...Object.fromEntries(changed), ...Object.fromEntries(gone.map((name) => [name, null])) },
      annotations: { [APPLIED]: note },
    },
    ...(isTainted && !hasStale ? {} : { spec: { taints: [...others, ...taints] } }),
  }
}

/** Opens the door that a drain has closed, on a node that is to stay after all. */
export function uncordonPatch(node: ObservedNode): object | undefined {
  return node.annotations[DRAINED_BY_KEEPER] === undefined
    ? undefined
    : {
        metadata: {
          labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': null },
          annotations: { [DRAINED_BY_KEEPER]: null },
        },
        spec: { unschedulable: null },
      }
}

/** What a user has broken counts as nothing applied. */
function readApplied({ annotations }: ObservedNode): Applied {
  try {
    const value: Partial<Applied> | null = JSON.parse(annotations[APPLIED] ?? '{}')
    const { labels, taints } = value ?? {}
    return { labels: Array.isArray(labels) ? labels : [], taints: Array.isArray(taints) ? taints : [] }
  } catch {
    return { labels: [], taints: [] }
  }
}

/** Of one key and effect a node has one taint. */
function isIn(taint: KubeTaint, list: readonly KubeTaint[]): boolean {
  return list.some(({ key, effect }) => key === taint.key && effect === taint.effect)
}

function isSame(one: KubeTaint, other: KubeTaint): boolean {
  return one.key === other.key && one.effect === other.effect && (one.value ?? '') === (other.value ?? '')
}
