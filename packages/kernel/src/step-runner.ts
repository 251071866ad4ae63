import type { ReconcileMetrics } from './reconcile-metrics.ts'
import type { Reconciler, StepOutcome, Turn } from './reconciler.ts'

/** A step that said no, for a reason that was foreseen. */
export interface Refusal {
  /** Kind of the step. */
  readonly step: string
  /** What it was about, where the reconciler says so. */
  readonly subject?: string
  readonly reason: string
  readonly detail: string
  readonly retry: 'soon' | 'backoff'
}

export type Applied =
  | { readonly outcome: 'applied' }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | { readonly outcome: 'failed'; readonly error: unknown }
  | { readonly outcome: 'stopped' }

interface Work<Step> {
  readonly reconciler: Pick<Reconciler<never, unknown, Step>, 'apply' | 'group' | 'subject'>
  readonly steps: readonly Step[]
  readonly turn: Turn
  readonly metrics: ReconcileMetrics
}

/** Applies the steps of a plan: a group at once, one group after the other, no further than the first that has a no. */
export async function applySteps<Step>(work: Work<Step>): Promise<Applied> {
  const { reconciler, steps, turn } = work
  const groups = new Map<string, Step[]>()
  for (const [at, step] of steps.entries()) {
    const name = reconciler.group === undefined ? `${at}` : reconciler.group(step)
    const group = groups.get(name)
    if (group === undefined) {
      groups.set(name, [step])
    } else {
      group.push(step)
    }
  }
  for (const group of groups.values()) {
    if (turn.signal.aborted) {
      return { outcome: 'stopped' }
    }
    const results = await Promise.all(group.map((step) => applyStep(work, step)))
    const failed = results.find((result) => result.outcome === 'failed')
    const refused = results.filter((result) => result.outcome === 'refused')
    const result = failed ?? refused.find(({ refusal }) => refusal.retry === 'soon') ?? refused[0]
    if (result !== undefined) {
      return turn.signal.aborted ? { outcome: 'stopped' } : result
    }
  }
  return { outcome: 'applied' }
}

async function applyStep<Step>(work: Work<Step>, step: Step): Promise<Applied> {
  const { reconciler, turn, metrics } = work
  const kind = stepKind(step)
  const subject = reconciler.subject?.(step)
  const about = subject === undefined ? {} : { subject }
  let outcome: StepOutcome
  try {
    outcome = await reconciler.apply(step, turn)
  } catch (cause) {
    metrics.step(kind, 'failed')
    const message = cause instanceof Error ? cause.message : String(cause)
    return { outcome: 'failed', error: new Error(`step ${kind} failed: ${message}`, { cause }) }
  }
  metrics.step(kind, outcome.ok ? 'applied' : 'refused')
  if (!outcome.ok) {
    const { reason, detail, retry } = outcome
    return { outcome: 'refused', refusal: { step: kind, ...about, reason, detail, retry } }
  }
  turn.log.info({ step: kind, ...about }, 'step applied')
  return { outcome: 'applied' }
}

/** Steps are told apart by their member `kind`; only that is counted, and of its content nothing is logged, since a step may carry secrets. */
function stepKind(step: unknown): string {
  const hasKind = typeof step === 'object' && step !== null && 'kind' in step && typeof step.kind === 'string'
  return hasKind ? (step as { kind: string }).kind : 'step'
}
