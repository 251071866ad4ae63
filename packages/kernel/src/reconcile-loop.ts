import type { Condition } from '@evenkeel/contract/kinds'
import { type Clock, systemClock } from './clock.ts'
import { type Logger, silentLogger } from './log.ts'
import { Metrics } from './metrics.ts'
import { ReconcileMetrics } from './reconcile-metrics.ts'
import { GONE, type Plan, type Reconciler, type Turn } from './reconciler.ts'
import { applySteps, type Refusal } from './step-runner.ts'
import { WorkQueue } from './work-queue.ts'

export interface ReconcileLoopOptions<Key extends string, Snapshot, Step> {
  readonly reconciler: Reconciler<Key, Snapshot, Step>
  readonly log?: Logger
  readonly metrics?: Metrics
  readonly clock?: Clock
  /** Objects that are looked after at once; 4 when not given. */
  readonly concurrency?: number
  /** After a failure, doubled each time up to `longestBackoffMs`; 250 ms and 30 s when not given. */
  readonly firstBackoffMs?: number
  readonly longestBackoffMs?: number
  /** What a log line of this object carries; `{ object: key }` when not given. */
  readonly describeKey?: (key: Key) => Record<string, unknown>
  /** Of the jitter of backoffs, for simulations that repeat exactly. */
  readonly random?: () => number
}

/** When an object is looked at again, apart from what wakes it. */
export type Next =
  | { readonly kind: 'now' }
  | { readonly kind: 'after'; readonly delayMs: number }
  | { readonly kind: 'backoff' }
  | { readonly kind: 'never' }

export interface TurnResult<Snapshot, Step> {
  /**
   * `settled`: nothing to do; `waiting` and `blocked`: nothing to do, as the notes say; `applied`: all steps;
   * `refused`: a step said no; `failed`: something was thrown; `stopped`: the signal was aborted; `gone`: no object.
   */
  readonly outcome: 'settled' | 'waiting' | 'blocked' | 'applied' | 'refused' | 'failed' | 'stopped' | 'gone'
  readonly next: Next
  readonly snapshot?: Snapshot
  readonly plan?: Plan<Step>
  readonly conditions?: readonly Condition[]
  readonly refusal?: Refusal
  readonly error?: unknown
}

/** For refusals that are expected to pass within seconds. */
const SOON_MS = 200
/** After so many turns in a row that did something, an object is looked at with backoff: its plan does not settle. */
const BUSY_TURNS_LIMIT = 50
/** How long a turn waits for its report before it goes on without: repair does not depend on who is told. */
const REPORT_PATIENCE_MS = 1000
const NEVER: Next = { kind: 'never' }

/** Runs a reconciler over many objects: each turn observes, plans, reports and applies, then says when to look again. */
export class ReconcileLoop<Key extends string, Snapshot, Step> {
  readonly #options: ReconcileLoopOptions<Key, Snapshot, Step>
  readonly #reconciler: Reconciler<Key, Snapshot, Step>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #metrics: ReconcileMetrics
  readonly #queue: WorkQueue<Key>
  readonly #busyTurns = new Map<Key, number>()
  readonly #refusals = new Map<Key, string>()
  readonly #reports = new Map<Key, Promise<void>>()
  /** Objects whose last report could not be made because the one before it still went on. */
  readonly #unreported = new Set<Key>()
  /** Objects whose last report failed: their backoff goes on though their turns are well. */
  readonly #reportFailures = new Set<Key>()

  constructor(options: ReconcileLoopOptions<Key, Snapshot, Step>) {
    const { reconciler, concurrency, firstBackoffMs, longestBackoffMs, random } = options
    this.#options = options
    this.#reconciler = reconciler
    this.#clock = options.clock ?? systemClock
    this.#log = (options.log ?? silentLogger).child({ reconciler: reconciler.name })
    this.#metrics = new ReconcileMetrics(options.metrics ?? new Metrics(), reconciler.name)
    this.#queue = new WorkQueue<Key>({
      concurrency,
      firstBackoffMs,
      longestBackoffMs,
      random,
      clock: this.#clock,
      onDepth: (depth) => this.#metrics.depth(depth),
    })
  }

  /** Look at the object as soon as possible. */
  wake(key: Key): void {
    this.#queue.add(key)
  }

  /** Works until `signal` is aborted, then waits for the turns and reports that run. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run(async (key) => this.#schedule(key, (await this.turn(key, signal)).next), signal)
    await Promise.all(this.#reports.values())
  }

  /** One turn of one object, whatever the queue says: for tests and simulations that step by themselves. Never throws. */
  async turn(key: Key, signal: AbortSignal = new AbortController().signal): Promise<TurnResult<Snapshot, Step>> {
    const log = this.#log.child(this.#options.describeKey?.(key) ?? { object: key })
    const startedMs = this.#clock.now()
    let result: TurnResult<Snapshot, Step>
    try {
      result = await this.#lookAndAct(key, { signal, log })
    } catch (error) {
      result = signal.aborted
        ? { outcome: 'stopped', next: NEVER }
        : { outcome: 'failed', next: { kind: 'backoff' }, error }
    }
    if (result.outcome === 'failed') {
      log.error({ err: result.error, failures: this.#queue.failures(key) + 1 }, 'a turn failed and is tried again')
    }
    this.#noteRefusal(key, result.refusal, log)
    this.#metrics.turn(result.outcome, Math.max(0, this.#clock.now() - startedMs) / 1000)
    return result
  }

  async #lookAndAct(key: Key, turn: Turn): Promise<TurnResult<Snapshot, Step>> {
    const snapshot = await this.#reconciler.observe(key, turn)
    if (snapshot === GONE) {
      this.#reportFailures.delete(key)
      return { outcome: 'gone', next: NEVER }
    }
    const plan = this.#reconciler.plan(snapshot)
    const conditions = this.#reconciler.conditions(snapshot, plan.notes)
    const seen = { snapshot, plan, conditions }
    await this.#report(key, turn, seen)
    if (turn.signal.aborted) {
      return { ...seen, outcome: 'stopped', next: NEVER }
    }
    const wake: Next = plan.wakeAfterMs === undefined ? NEVER : { kind: 'after', delayMs: plan.wakeAfterMs }
    if (plan.steps.length === 0) {
      const kinds = plan.notes.map((note) => note.kind)
      const outcome = kinds.includes('blocked') ? 'blocked' : kinds.includes('waiting') ? 'waiting' : 'settled'
      return { ...seen, outcome, next: wake }
    }
    const applied = await applySteps({ reconciler: this.#reconciler, steps: plan.steps, turn, metrics: this.#metrics })
    switch (applied.outcome) {
      case 'applied':
        return { ...seen, outcome: 'applied', next: { kind: 'now' } }
      case 'refused': {
        const next: Next = applied.refusal.retry === 'soon' ? { kind: 'after', delayMs: SOON_MS } : { kind: 'backoff' }
        return { ...seen, outcome: 'refused', next, refusal: applied.refusal }
      }
      case 'stopped':
        return { ...seen, outcome: 'stopped', next: NEVER }
      case 'failed':
        return { ...seen, outcome: 'failed', next: { kind: 'backoff' }, error: applied.error }
    }
  }

  async #report(
    key: Key,
    turn: Turn,
    seen: { snapshot: Snapshot; plan: Plan<Step>; conditions: readonly Condition[] },
  ): Promise<void> {
    if (this.#reconciler.report === undefined) {
      return
    }
    if (this.#reports.has(key)) {
      this.#unreported.add(key)
      return
    }
    const report = this.#reconciler
      .report(key, seen.snapshot, seen.plan, seen.conditions)
      .then(() => {
        this.#reportFailures.delete(key)
      })
      .catch((err: unknown) => {
        this.#reportFailures.add(key)
        if (!turn.signal.aborted) {
          turn.log.warn({ err }, 'the report of a turn could not be made: the work goes on, and it is reported later')
          this.#queue.retry(key)
        }
      })
      .finally(() => {
        this.#reports.delete(key)
        if (this.#unreported.delete(key)) {
          this.#queue.add(key)
        }
      })
    this.#reports.set(key, report)
    const patience = new AbortController()
    const impatient = this.#clock.sleep(REPORT_PATIENCE_MS, patience.signal).catch(() => {})
    await Promise.race([report, impatient])
    patience.abort()
  }

  #schedule(key: Key, next: Next): void {
    const busyTurns = next.kind === 'now' ? (this.#busyTurns.get(key) ?? 0) + 1 : 0
    if (busyTurns === 0) {
      this.#busyTurns.delete(key)
    } else {
      this.#busyTurns.set(key, busyTurns)
    }
    if (busyTurns === BUSY_TURNS_LIMIT) {
      this.#log.warn(
        { ...(this.#options.describeKey?.(key) ?? { object: key }), turns: busyTurns },
        'each turn finds something to do: going on more slowly, since the plan does not settle',
      )
    }
    if (next.kind === 'backoff' || busyTurns >= BUSY_TURNS_LIMIT) {
      this.#queue.retry(key)
      return
    }
    if (!this.#reportFailures.has(key)) {
      this.#queue.forget(key)
    }
    if (next.kind === 'now') {
      this.#queue.add(key)
    } else if (next.kind === 'after') {
      this.#queue.addAfter(key, next.delayMs)
    }
  }

  /** Logs a refusal when it is a new one, not at each turn that meets it again. */
  #noteRefusal(key: Key, refusal: Refusal | undefined, log: Logger): void {
    if (refusal === undefined) {
      this.#refusals.delete(key)
      return
    }
    const { step, subject, reason, detail, retry } = refusal
    const said = `${step} ${reason}`
    if (this.#refusals.get(key) !== said) {
      this.#refusals.set(key, said)
      log.info({ step, subject, reason, detail, retry }, 'a step was refused and is tried again')
    }
  }
}
