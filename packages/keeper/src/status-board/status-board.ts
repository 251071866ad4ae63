import type { Condition, KubeObject } from '@evenkeel/contract/kinds'
import {
  type Clock,
  type ConditionDraft,
  GONE,
  isAsNew,
  isConflict,
  isNotFound,
  isUnavailable,
  type KubeClient,
  type Reconciler,
  type ResourceRef,
} from '@evenkeel/kernel'
import { planStatus } from './plan.ts'

/** By then the informer has brought a write, or the home was set back to before it. */
const LONGEST_LAG_MS = 10_000

/** A status as the home has it. */
export interface ShownStatus {
  readonly phase?: string
  readonly conditions?: readonly Condition[]
}

/** A status before its times. */
export interface DraftedStatus {
  readonly observedGeneration?: number
  readonly phase?: string
  readonly conditions: readonly ConditionDraft[]
}

export interface StatusBoardPorts<Shown extends ShownStatus, Draft extends DraftedStatus> {
  /** `noun.concern` of what is told. */
  readonly name: string
  readonly resource: ResourceRef
  readonly client: KubeClient
  readonly clock: Clock
  /** By `namespace/name`; undefined while the home has not been heard of. */
  get(key: string): (KubeObject & { readonly status?: Shown }) | undefined
  /** The draft with its times: those of `shown` where nothing has changed. Pure. */
  complete(draft: Draft, shown: Shown | undefined, nowMs: number): Shown
}

interface Notice<Draft> {
  /** `namespace/name` of the object, and which one of that name. */
  readonly object: { readonly namespace: string; readonly name: string }
  readonly uid: string
  readonly draft: Draft
}

export interface StatusSnapshot<Shown extends ShownStatus> {
  readonly key: string
  readonly object: { readonly namespace: string; readonly name: string }
  readonly nowMs: number
  /** What is to be shown. */
  readonly desired: Shown
  /** What the home shows, or what was written there last if that is newer. */
  readonly shown: Shown | undefined
  readonly writtenMs: number | undefined
}

export interface StatusStep {
  readonly kind: 'WriteStatus'
  readonly key: string
  readonly object: { readonly namespace: string; readonly name: string }
  readonly patch: Readonly<Record<string, unknown>>
}

/**
 * What is to be told about objects of one kind, and telling it: only what has changed, and when the home is back if it was
 * away. Nobody waits for it. Keys are the caller's, one an object.
 */
export class StatusBoard<Shown extends ShownStatus, Draft extends DraftedStatus> {
  readonly #ports: StatusBoardPorts<Shown, Draft>
  readonly #notices = new Map<string, Notice<Draft>>()
  /** Answers of writes, which count until the informer has caught up with them. */
  readonly #written = new Map<
    string,
    { readonly object: KubeObject & { readonly status?: Shown }; readonly atMs: number }
  >()

  constructor(ports: StatusBoardPorts<Shown, Draft>) {
    this.#ports = ports
  }

  post(key: string, notice: Notice<Draft>): void {
    this.#notices.set(key, notice)
  }

  forget(key: string): void {
    this.#notices.delete(key)
    this.#written.delete(key)
  }

  reconciler(): Reconciler<string, StatusSnapshot<Shown>, StatusStep> {
    return {
      name: this.#ports.name,
      observe: async (key) => this.#observe(key) ?? GONE,
      plan: (snapshot) => planStatus(snapshot),
      conditions: () => [],
      apply: (step) => this.#apply(step),
    }
  }

  #observe(key: string): StatusSnapshot<Shown> | undefined {
    const notice = this.#notices.get(key)
    if (notice === undefined) {
      return undefined
    }
    const { object, draft, uid } = notice
    const seen = this.#ports.get(`${object.namespace}/${object.name}`)
    if (seen === undefined || seen.metadata.uid !== uid) {
      return undefined
    }
    const own = this.#written.get(key)
    const nowMs = this.#ports.clock.now()
    const isOwnNewer = own !== undefined && !isAsNew(seen, own.object) && nowMs - own.atMs < LONGEST_LAG_MS
    const { status: shown } = isOwnNewer ? own.object : seen
    const desired = this.#ports.complete(draft, shown, nowMs)
    return { key, object, nowMs, desired, shown, writtenMs: own?.atMs }
  }

  async #apply(step: StatusStep) {
    const options = { ...step.object, subresource: 'status', patch: step.patch, fieldManager: 'evenkeel-keeper' }
    const { client, resource, clock } = this.#ports
    try {
      const object = await client.mergePatch<KubeObject & { readonly status?: Shown }>(resource, options)
      this.#written.set(step.key, { object, atMs: clock.now() })
    } catch (error) {
      if (isNotFound(error)) {
        this.forget(step.key)
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
