import { CLUSTERS, type Cluster, type ClusterStatus } from '@evenkeel/contract/kinds'
import {
  areConditionsEqual,
  type Clock,
  GONE,
  isAsNew,
  isConflict,
  isNotFound,
  isUnavailable,
  type KubeClient,
  mergeConditions,
  type Plan,
  type Reconciler,
} from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'
import type { StatusDraft } from './status.ts'

/** By then the informer has brought a write, or the home was set back to before it. */
const LONGEST_LAG_MS = 10_000
/** While members come up one after the other, their states are gathered for so long. */
const GATHER_MS = 500

export interface StatusBoardPorts {
  readonly client: KubeClient
  readonly clock: Clock
  /** By `namespace/name`; undefined while the home has not been heard of. */
  get(key: string): Cluster | undefined
}

interface Notice {
  /** `namespace/name` of the Cluster, and which one of that name. */
  readonly object: { readonly namespace: string; readonly name: string }
  readonly uid: string
  readonly draft: StatusDraft
}

export interface StatusSnapshot extends Notice {
  readonly nowMs: number
  /** What the home shows, or what was written there last if that is newer. */
  readonly shown: ClusterStatus | undefined
  readonly writtenMs: number | undefined
}

export interface StatusStep {
  readonly kind: 'WriteStatus'
  readonly id: ClusterId
  readonly object: { readonly namespace: string; readonly name: string }
  readonly patch: Readonly<Record<string, unknown>>
}

/**
 * What is to be told about hosted clusters, and telling it: only what has changed, and when the home is back if it was
 * away. Nobody waits for it.
 */
export class StatusBoard {
  readonly #ports: StatusBoardPorts
  readonly #notices = new Map<ClusterId, Notice>()
  /** Answers of writes, which count until the informer has caught up with them. */
  readonly #written = new Map<ClusterId, { readonly object: Cluster; readonly atMs: number }>()

  constructor(ports: StatusBoardPorts) {
    this.#ports = ports
  }

  post(id: ClusterId, notice: Notice): void {
    this.#notices.set(id, notice)
  }

  forget(id: ClusterId): void {
    this.#notices.delete(id)
    this.#written.delete(id)
  }

  reconciler(): Reconciler<ClusterId, StatusSnapshot, StatusStep> {
    return {
      name: 'control-plane.status',
      observe: async (id) => this.#observe(id) ?? GONE,
      plan: (snapshot) => planStatus(snapshot),
      conditions: () => [],
      apply: (step) => this.#apply(step),
    }
  }

  #observe(id: ClusterId): StatusSnapshot | undefined {
    const notice = this.#notices.get(id)
    if (notice === undefined) {
      return undefined
    }
    const { namespace, name } = notice.object
    const seen = this.#ports.get(`${namespace}/${name}`)
    if (seen === undefined || seen.metadata.uid !== notice.uid) {
      return undefined
    }
    const own = this.#written.get(id)
    const nowMs = this.#ports.clock.now()
    const isOwnNewer = own !== undefined && !isAsNew(seen, own.object) && nowMs - own.atMs < LONGEST_LAG_MS
    const { status } = isOwnNewer ? own.object : seen
    return { ...notice, nowMs, shown: status, writtenMs: own?.atMs }
  }

  async #apply(step: StatusStep) {
    const options = { ...step.object, subresource: 'status', patch: step.patch, fieldManager: 'evenkeel-keeper' }
    try {
      const object = await this.#ports.client.mergePatch<Cluster>(CLUSTERS, options)
      this.#written.set(step.id, { object, atMs: this.#ports.clock.now() })
    } catch (error) {
      if (isNotFound(error)) {
        this.forget(step.id)
      } else if (isUnavailable(error) || isConflict(error)) {
        const detail = error instanceof Error ? error.message : String(error)
        return { ok: false as const, reason: 'HomeUnavailable', detail, retry: 'backoff' as const }
      } else {
        throw error
      }
    }
    return { ok: true as const }
  }
}

/** Pure. */
export function planStatus(snapshot: StatusSnapshot): Plan<StatusStep> {
  const { object, draft, shown, nowMs, writtenMs } = snapshot
  const desired = withTimes(draft, shown, nowMs)
  if (shown !== undefined && isSameStatus(shown, desired)) {
    return { steps: [], notes: [] }
  }
  const waitMs = writtenMs === undefined ? 0 : writtenMs + GATHER_MS - nowMs
  if (waitMs > 0 && shown?.phase === desired.phase) {
    return { steps: [], notes: [], wakeAfterMs: waitMs }
  }
  // A merge patch keeps what it does not name: what is no longer so has to be named as null.
  const stale = Object.keys(shown ?? {}).filter((member) => !(member in desired))
  const patch = { status: { ...desired, ...Object.fromEntries(stale.map((member) => [member, null])) } }
  return { steps: [{ kind: 'WriteStatus', id: draft.id ?? '', object, patch }], notes: [] }
}

function withTimes(draft: StatusDraft, shown: ClusterStatus | undefined, nowMs: number): ClusterStatus {
  const { observedGeneration } = draft
  const times = observedGeneration === undefined ? { nowMs } : { nowMs, observedGeneration }
  return { ...draft, conditions: mergeConditions(shown?.conditions, draft.conditions, times) }
}

function isSameStatus(one: ClusterStatus, other: ClusterStatus): boolean {
  return (
    areConditionsEqual(one.conditions, other.conditions ?? []) &&
    canonical({ ...one, conditions: [] }) === canonical({ ...other, conditions: [] })
  )
}

/** The home may give members in another order than we have written them. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
