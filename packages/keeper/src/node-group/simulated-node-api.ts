import type { ClusterId, MachineProvider } from '@evenkeel/substrate'
import type { NodeApi, NodeApiTarget } from './ports.ts'
import type { ObservedNode, PodOnNode } from './snapshot.ts'

/**
 * Answers for clusters whose API is simulated: a machine that runs is a Ready node, and its Node stays when it goes, until
 * it is deleted. Pods are those that somebody has put there.
 */
export class SimulatedNodeApi implements NodeApi {
  readonly #machines: Pick<MachineProvider, 'observe'>
  readonly #nodes = new Map<ClusterId, Map<string, ObservedNode>>()
  #version = 0

  constructor(machines: Pick<MachineProvider, 'observe'>) {
    this.#machines = machines
  }

  async list({ id }: NodeApiTarget, namePrefix: string): Promise<readonly ObservedNode[]> {
    const nodes = this.#of(id)
    const machines = await this.#machines.observe(id)
    for (const { name, state, zone, instanceType } of machines) {
      const kept = nodes.get(name)
      const ready = state === 'running'
      if (kept === undefined && ready) {
        const labels = { 'topology.kubernetes.io/zone': zone, 'node.kubernetes.io/instance-type': instanceType }
        const node = { name, ready, unschedulable: false, labels, annotations: {}, taints: [] }
        nodes.set(name, { ...node, resourceVersion: this.#nextVersion() })
      } else if (kept !== undefined && kept.ready !== ready) {
        nodes.set(name, { ...kept, ready, resourceVersion: this.#nextVersion() })
      }
    }
    const present = new Set(machines.map(({ name }) => name))
    for (const [name, kept] of nodes) {
      if (!present.has(name) && kept.ready) {
        nodes.set(name, { ...kept, ready: false, resourceVersion: this.#nextVersion() })
      }
    }
    return [...nodes.values()].filter(({ name }) => name.startsWith(namePrefix))
  }

  async pods(): Promise<readonly PodOnNode[]> {
    return []
  }

  async patch({ id }: NodeApiTarget, { name }: { readonly name: string }, patch: object): Promise<void> {
    const kept = this.#of(id).get(name)
    if (kept === undefined) {
      return
    }
    const { metadata = {}, spec = {} } = patch as NodePatch
    this.#of(id).set(name, {
      ...kept,
      labels: merged(kept.labels, metadata.labels),
      annotations: merged(kept.annotations, metadata.annotations),
      unschedulable: 'unschedulable' in spec ? spec.unschedulable === true : kept.unschedulable,
      taints: spec.taints ?? kept.taints,
      resourceVersion: this.#nextVersion(),
    })
  }

  async evict(): Promise<{ readonly refused?: string }> {
    return {}
  }

  async delete({ id }: NodeApiTarget, node: string): Promise<void> {
    this.#of(id).delete(node)
  }

  forget(id: ClusterId): void {
    this.#nodes.delete(id)
  }

  #of(id: ClusterId): Map<string, ObservedNode> {
    const known = this.#nodes.get(id) ?? new Map<string, ObservedNode>()
    this.#nodes.set(id, known)
    return known
  }

  #nextVersion(): string {
    this.#version += 1
    return `${this.#version}`
  }
}

interface NodePatch {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string | null>>
    readonly annotations?: Readonly<Record<string, string | null>>
  }
  readonly spec?: { readonly unschedulable?: boolean | null; readonly taints?: ObservedNode['taints'] }
}

function merged(
  before: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>> = {},
): Record<string, string> {
  const next: Record<string, string> = { ...before }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete next[name]
    } else {
      next[name] = value
    }
  }
  return next
}
