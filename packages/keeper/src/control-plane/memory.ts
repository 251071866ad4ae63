import { isDeepStrictEqual } from 'node:util'
import type { ClusterId, NetworkPlan, ObservedInstance } from '@evenkeel/substrate'
import type { ControlPlanePorts, RenderInput } from './ports.ts'
import type { DesiredControlPlane, PendingRestart, Refusal } from './snapshot.ts'

/** A refusal that was not repeated for so long is no longer true: its step is tried at least twice a minute. */
const REFUSAL_LIFE_MS = 90_000

/** How often the links and rules of a settled cluster's network are looked at. */
const NETWORK_LOOK_MS = 10_000
const DOUBTED_NETWORK_LOOK_MS = 1000

/** A disk that was below the floor counts so until it has more room than what etcd claims ahead at once: 64 MiB. */
const RELIEF_BYTES = 64 * 2 ** 20

/**
 * What this process has just done and been told, so that the next look can take it into account. Losing it costs a
 * repeated signal or a repeated question, nothing else: what must be known is in records.
 */
export class ControlPlaneMemory {
  readonly #restarts = new Map<ClusterId, Map<string, PendingRestart>>()
  readonly #refusals = new Map<ClusterId, Map<string, Refusal & { readonly atMs: number }>>()
  /** When each endpoint was asked for last (milliseconds since the epoch). */
  readonly endpointsEnsuredMs = new Map<ClusterId, number>()
  readonly #instancesEnsuredMs = new Map<ClusterId, Map<string, number>>()
  /** Homes that have been given their bootstrap rights since this process began. */
  readonly granted = new Set<ClusterId>()

  readonly #drawings = new Map<ClusterId, { readonly input: RenderInput; readonly desired: DesiredControlPlane }>()

  readonly #networks = new Map<ClusterId, NetworkPlan>()

  /** What `draw` has made of the same input before: most looks find what the last one found. */
  drawing(input: RenderInput, draw: () => DesiredControlPlane): DesiredControlPlane {
    const known = this.#drawings.get(input.id)
    if (known !== undefined && isDeepStrictEqual(known.input, input)) {
      return known.desired
    }
    const desired = draw()
    this.#drawings.set(input.id, { input, desired })
    return desired
  }

  /** Addresses are for ever, once they are claimed, until they are given back: the substrate is asked once. */
  async network(cluster: ClusterId, ask: () => Promise<NetworkPlan | undefined>): Promise<NetworkPlan | undefined> {
    const known = this.#networks.get(cluster) ?? (await ask())
    if (known !== undefined) {
      this.#networks.set(cluster, known)
    }
    return known
  }

  readonly #networksSeenMs = new Map<ClusterId, number>()

  /**
   * Whether what carries a network is there. Only one of the cluster's own can be lost; to look at it takes some forty
   * processes, so what was found there is taken to be there for a while.
   */
  async networkPresent(
    cluster: ClusterId,
    { nodes }: NetworkPlan,
    { substrate, clock }: Pick<ControlPlanePorts, 'substrate' | 'clock'>,
  ): Promise<boolean> {
    if (nodes === undefined) {
      return true
    }
    const seenMs = this.#networksSeenMs.get(cluster) ?? Number.NEGATIVE_INFINITY
    if (clock.now() - seenMs < (this.#networksInDoubt.delete(cluster) ? DOUBTED_NETWORK_LOOK_MS : NETWORK_LOOK_MS)) {
      return true
    }
    const isPresent = await substrate.network.isPresent(cluster)
    if (isPresent) {
      this.#networksSeenMs.set(cluster, clock.now())
    }
    return isPresent
  }

  readonly #networksInDoubt = new Set<ClusterId>()

  /** Somebody who served does not answer: that may be why. */
  doubtNetwork(cluster: ClusterId): void {
    this.#networksInDoubt.add(cluster)
  }

  networkEnsured(cluster: ClusterId, nowMs: number): void {
    this.#networksSeenMs.set(cluster, nowMs)
  }

  #wasBelowFloor = false

  /** Of the one disk that all volumes are on. One that goes up and down at the floor is not told with each look. */
  isBelowFloor(headroomBytes: number): boolean {
    this.#wasBelowFloor = headroomBytes < (this.#wasBelowFloor ? RELIEF_BYTES : 0)
    return this.#wasBelowFloor
  }

  networkReleased(cluster: ClusterId): void {
    this.#networks.delete(cluster)
    this.#networksSeenMs.delete(cluster)
    this.#networksInDoubt.delete(cluster)
  }

  instanceEnsured(cluster: ClusterId, name: string, nowMs: number): void {
    entriesOf(this.#instancesEnsuredMs, cluster).set(name, nowMs)
  }

  instancesEnsuredMs(cluster: ClusterId): ReadonlyMap<string, number> {
    return entriesOf(this.#instancesEnsuredMs, cluster)
  }

  restarted(cluster: ClusterId, restart: PendingRestart): void {
    entriesOf(this.#restarts, cluster).set(restart.name, restart)
  }

  /** Restarts whose process is still the one that was told to end. */
  restarts(cluster: ClusterId, observed: readonly ObservedInstance[]): readonly PendingRestart[] {
    const known = this.#restarts.get(cluster)
    if (known === undefined) {
      return []
    }
    const pids = new Map(observed.map(({ name, pid }) => [name, pid]))
    for (const { name, pid } of known.values()) {
      if (pids.get(name) !== pid) {
        known.delete(name)
      }
    }
    return [...known.values()]
  }

  refused(cluster: ClusterId, refusal: Refusal, nowMs: number): void {
    entriesOf(this.#refusals, cluster).set(`${refusal.step} ${refusal.subject}`, { ...refusal, atMs: nowMs })
  }

  succeeded(cluster: ClusterId, step: { readonly step: string; readonly subject: string }): void {
    this.#refusals.get(cluster)?.delete(`${step.step} ${step.subject}`)
  }

  refusals(cluster: ClusterId, nowMs: number): readonly Refusal[] {
    const known = [...(this.#refusals.get(cluster)?.values() ?? [])]
    return known
      .filter(({ atMs }) => nowMs - atMs < REFUSAL_LIFE_MS)
      .map(({ step, subject, code, message }) => ({ step, subject, code, message }))
  }

  forget(cluster: ClusterId): void {
    this.#restarts.delete(cluster)
    this.#refusals.delete(cluster)
    this.granted.delete(cluster)
    this.#drawings.delete(cluster)
    this.networkReleased(cluster)
    this.#instancesEnsuredMs.delete(cluster)
    this.endpointsEnsuredMs.delete(cluster)
  }
}

function entriesOf<Value>(map: Map<ClusterId, Map<string, Value>>, cluster: ClusterId): Map<string, Value> {
  const known = map.get(cluster)
  if (known !== undefined) {
    return known
  }
  const fresh = new Map<string, Value>()
  map.set(cluster, fresh)
  return fresh
}
