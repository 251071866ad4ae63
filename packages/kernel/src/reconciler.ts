import type { Condition } from '@evenkeel/contract/kinds'
import type { Logger } from './log.ts'

/** What a plan has to say to people: what was done, what it waits on, what blocks it. */
export interface Note {
  readonly kind: 'did' | 'waiting' | 'blocked'
  /** PascalCase, one constant of the slice. */
  readonly reason: string
  /** A sentence with the numbers in it. */
  readonly detail: string
}

export interface Plan<Step> {
  readonly steps: readonly Step[]
  readonly notes: readonly Note[]
  /** Milliseconds after which to look again even if nothing wakes us. */
  readonly wakeAfterMs?: number
}

export type StepOutcome =
  | { readonly ok: true }
  /** Expected refusals (a fault of the substrate, a conflict); surprises are thrown. */
  | { readonly ok: false; readonly reason: string; readonly detail: string; readonly retry: 'soon' | 'backoff' }

/** Nothing is left of the object, and nobody wants it. */
export const GONE = Symbol('gone')
export type Gone = typeof GONE

/** What surrounds one turn of a reconciler. */
export interface Turn {
  /** Aborted when the process stops or no longer leads: whoever waits for something stops waiting. */
  readonly signal: AbortSignal
  /** Carries the reconciler and the object in every line. */
  readonly log: Logger
}

/**
 * The one shape of everything that keeps something so: look, decide, do. The key is its only input, so a wake-up
 * carries no data. Killing the process between any two steps is safe.
 */
export interface Reconciler<Key, Snapshot, Step> {
  /** `noun.concern`, such as `control-plane.rollout`. */
  readonly name: string
  observe(key: Key, turn: Turn): Promise<Snapshot | Gone>
  /** Pure, total, deterministic; time is in the snapshot. */
  plan(snapshot: Snapshot): Plan<Step>
  /** Pure. */
  conditions(snapshot: Snapshot, notes: readonly Note[]): readonly Condition[]
  /** Idempotent, chooses nothing. Steps of one plan that name the same `group` run at once, groups run in order. */
  apply(step: Step, turn: Turn): Promise<StepOutcome>
  /** Groups steps that may run at once; absent: all in order. */
  group?(step: Step): string
  /** What a step is about, such as the name of an instance, for logs: never its content, which may be secret. */
  subject?(step: Step): string
  /**
   * Told what was seen and planned, before anything is applied; reports status. What it throws is logged and holds
   * nothing up: the object is kept even where nobody can be told.
   */
  report?(key: Key, snapshot: Snapshot, plan: Plan<Step>, conditions: readonly Condition[]): Promise<void>
}
