import type { Note } from '@evenkeel/kernel'
import type { RosterMachine } from './facts.ts'
import { REASON } from './reasons.ts'
import { type NodeGroupSnapshot, type ObservedNode, type PodOnNode, podKey } from './snapshot.ts'
import type { GroupStep, Of } from './steps.ts'

/** As in EKS: what cannot be evicted in that time ends with its node, or ends the update that the node leaves for. */
export const DRAIN_DEADLINE_MS = 15 * 60_000
/** A budget that refused an eviction is asked again after so long, as kubectl does. */
export const EVICTION_INTERVAL_MS = 5000

/** Set together with a cordon, so that only nodes of which we closed the door are opened again. */
export const DRAINED_BY_KEEPER = 'evenkeel.dev/drained-by-keeper'
const NO_LOAD_BALANCERS = 'node.kubernetes.io/exclude-from-external-load-balancers'

export interface Retirement {
  readonly steps: readonly GroupStep[]
  readonly notes: readonly Note[]
}

/** The way out of a machine that is to leave: no new pods, its pods evicted, then the machine, its Node and its name. */
export function planRetirement(snapshot: NodeGroupSnapshot, machine: RosterMachine): Retirement {
  const { nodes, machines, nowMs, cluster, id } = snapshot
  const of: Of = { cluster, group: id }
  const { name, retiring } = machine
  const reason = retiring?.reason ?? 'surplus'
  const isOver = isDrainOver(machine, nowMs)
  const mayDrain = machine.joined && reason !== 'lost' && machines.has(name) && !isOver
  if (!nodes.known && mayDrain) {
    return { steps: [], notes: [waiting(REASON.unreachable, `node ${name} cannot be drained: ${nodes.why}`)] }
  }
  const node = nodes.known ? nodes.byName.get(name) : undefined
  if (node !== undefined && mayDrain) {
    const drain = planDrain(snapshot, node)
    if (drain !== undefined) {
      return drain
    }
  }
  if (machines.has(name)) {
    return { steps: [{ ...of, kind: 'RemoveMachine', machine: name }], notes: [] }
  }
  if (node !== undefined) {
    return { steps: [{ ...of, kind: 'DeleteNode', node: name }], notes: [] }
  }
  // Of a cluster that does not answer nobody knows whether the Node is gone: it is looked for again.
  if (!nodes.known && !isOver) {
    return { steps: [], notes: [waiting(REASON.unreachable, `node ${name} cannot be looked for: ${nodes.why}`)] }
  }
  return { steps: [{ ...of, kind: 'StrikeMachine', machine: name }], notes: [] }
}

export function isDrainOver({ retiring }: RosterMachine, nowMs: number): boolean {
  return retiring !== undefined && nowMs - Date.parse(retiring.at) >= DRAIN_DEADLINE_MS
}

/** Undefined when nothing is left to be drained. */
function planDrain(snapshot: NodeGroupSnapshot, node: ObservedNode): Retirement | undefined {
  const { cluster, id, nowMs, evictions, pods } = snapshot
  const of: Of = { cluster, group: id }
  const { name, resourceVersion } = node
  if (!node.unschedulable) {
    const patch = {
      metadata: { labels: { [NO_LOAD_BALANCERS]: 'true' }, annotations: { [DRAINED_BY_KEEPER]: 'true' } },
      spec: { unschedulable: true },
    }
    return { steps: [{ ...of, kind: 'PatchNode', node: name, resourceVersion, patch, what: 'cordon' }], notes: [] }
  }
  const left = podsLeft(node, pods.get(name))
  if (left === undefined) {
    return { steps: [], notes: [waiting(REASON.unreachable, `pods of node ${name} cannot be listed`)] }
  }
  if (left.length === 0) {
    return undefined
  }
  const steps = left
    .filter((pod) => !pod.deleting && nowMs - (evictions.get(podKey(pod))?.atMs ?? 0) >= EVICTION_INTERVAL_MS)
    .map((pod): GroupStep => ({ ...of, kind: 'EvictPod', pod }))
  return { steps, notes: [waiting(REASON.draining, drainText(name, left, evictions))] }
}

function drainText(node: string, left: readonly PodOnNode[], evictions: NodeGroupSnapshot['evictions']): string {
  const blocked = left.flatMap((pod) => {
    const refused = evictions.get(podKey(pod))?.refused
    return refused === undefined ? [] : [`${pod.namespace}/${pod.name}: ${refused}`]
  })
  const first = blocked[0]
  return first === undefined
    ? `node ${node} is being drained`
    : `node ${node} is being drained, and evictions are refused (${first}${blocked.length > 1 ? `, and ${blocked.length - 1} more` : ''})`
}

/** Why the drain of a node has not come to its end, in a sentence; for failures that name pod and budget. */
export function drainObstacle(snapshot: NodeGroupSnapshot, machine: string): string {
  const node = snapshot.nodes.known ? snapshot.nodes.byName.get(machine) : undefined
  const left = node === undefined ? [] : (podsLeft(node, snapshot.pods.get(machine)) ?? [])
  return drainText(machine, left, snapshot.evictions)
}

/** A kubelet that is away ends no pod: what is on its way out there is not waited for. */
function podsLeft(node: ObservedNode, pods: readonly PodOnNode[] | undefined): readonly PodOnNode[] | undefined {
  return pods?.filter((pod) => !pod.stays && (node.ready || !pod.deleting))
}

function waiting(reason: string, detail: string): Note {
  return { kind: 'waiting', reason, detail }
}
