import type { ClusterId, FaultCode } from '@evenkeel/substrate'
import type { NodeGroupId } from '../intent/index.ts'
import type { Eviction, GroupRefusal } from './snapshot.ts'

/** A refusal that was not repeated for so long is no longer true: its step is tried at least twice a minute. */
const REFUSAL_LIFE_MS = 90_000
/** A pod that was not tried for so long has gone. */
const EVICTION_LIFE_MS = 60_000

interface Remembered {
  readonly refusals: Map<string, GroupRefusal & { readonly atMs: number }>
  readonly evictions: Map<string, Eviction>
  readonly waitingSinceMs: Map<string, number>
}

/**
 * What this process has just done and been told, so that the next look can take it into account. Losing it costs a
 * repeated question and a longer wait for machines that never join, nothing else: what must be known is in records.
 */
export class NodeGroupMemory {
  readonly #groups = new Map<string, Remembered>()

  refused(of: { cluster: ClusterId; group: NodeGroupId }, refusal: GroupRefusal, nowMs: number): void {
    this.#of(of.cluster, of.group).refusals.set(`${refusal.step} ${refusal.subject}`, { ...refusal, atMs: nowMs })
  }

  succeeded(of: { cluster: ClusterId; group: NodeGroupId }, step: string, subject: string): void {
    this.#of(of.cluster, of.group).refusals.delete(`${step} ${subject}`)
  }

  refusals(cluster: ClusterId, group: NodeGroupId, nowMs: number): readonly GroupRefusal[] {
    return [...this.#of(cluster, group).refusals.values()]
      .filter(({ atMs }) => nowMs - atMs < REFUSAL_LIFE_MS)
      .map(({ step, subject, code, message }): { step: string; subject: string; code: FaultCode; message: string } => ({
        step,
        subject,
        code,
        message,
      }))
  }

  evicted(of: { cluster: ClusterId; group: NodeGroupId }, pod: string, eviction: Eviction): void {
    this.#of(of.cluster, of.group).evictions.set(pod, eviction)
  }

  evictions(cluster: ClusterId, group: NodeGroupId, nowMs: number): ReadonlyMap<string, Eviction> {
    const { evictions } = this.#of(cluster, group)
    for (const [pod, { atMs }] of evictions) {
      if (nowMs - atMs >= EVICTION_LIFE_MS) {
        evictions.delete(pod)
      }
    }
    return new Map(evictions)
  }

  /** Machines without a Ready node, and since when this keeper sees each; the others are forgotten. */
  waiting(
    cluster: ClusterId,
    group: NodeGroupId,
    names: readonly string[],
    nowMs: number,
  ): ReadonlyMap<string, number> {
    const { waitingSinceMs } = this.#of(cluster, group)
    for (const name of waitingSinceMs.keys()) {
      if (!names.includes(name)) {
        waitingSinceMs.delete(name)
      }
    }
    for (const name of names) {
      if (!waitingSinceMs.has(name)) {
        waitingSinceMs.set(name, nowMs)
      }
    }
    return new Map(waitingSinceMs)
  }

  forget(cluster: ClusterId, group: NodeGroupId): void {
    this.#groups.delete(`${cluster}/${group}`)
  }

  #of(cluster: ClusterId, group: NodeGroupId): Remembered {
    const key = `${cluster}/${group}`
    const known = this.#groups.get(key) ?? { refusals: new Map(), evictions: new Map(), waitingSinceMs: new Map() }
    this.#groups.set(key, known)
    return known
  }
}
