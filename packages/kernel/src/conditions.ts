import type { Condition } from '@evenkeel/contract/kinds'

/** A condition before it has a time. */
export type ConditionDraft = Omit<Condition, 'lastTransitionTime'>

export interface ConditionTimes {
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  readonly observedGeneration?: number
}

/** Gives drafts their time: that of `before` where the status has not changed, now where it has. Order of `drafts`. */
export function mergeConditions(
  before: readonly Condition[] | undefined,
  drafts: readonly ConditionDraft[],
  times: ConditionTimes,
): Condition[] {
  return drafts.map((draft) => {
    const known = before?.find((condition) => condition.type === draft.type)
    const isSame = known !== undefined && known.status === draft.status
    const lastTransitionTime = isSame ? known.lastTransitionTime : formatTime(times.nowMs)
    const { observedGeneration } = times
    return observedGeneration === undefined
      ? { ...draft, lastTransitionTime }
      : { observedGeneration, ...draft, lastTransitionTime }
  })
}

export interface SummaryOptions {
  /** Of the summary, such as `Ready`. */
  readonly type: string
  /** Types of which True is the bad value, such as `Degraded`. */
  readonly negative?: readonly string[]
}

/** One condition for all: True when all are well, False when one is bad, Unknown when one is not known. */
export function summary(conditions: readonly ConditionDraft[], options: SummaryOptions): ConditionDraft {
  const { type, negative = [] } = options
  const bad = conditions.filter(({ type: one, status }) => status === (negative.includes(one) ? 'True' : 'False'))
  const unknown = conditions.filter(({ status }) => status === 'Unknown')
  const [worst] = [...bad, ...unknown]
  if (worst === undefined) {
    return { type, status: 'True', reason: 'AllWell', message: '' }
  }
  const because = bad.length > 0 ? bad : unknown
  return {
    type,
    status: bad.length > 0 ? 'False' : 'Unknown',
    reason: because.length === 1 ? worst.reason : 'SeveralReasons',
    message: because.map((condition) => `${condition.type}: ${condition.message || condition.reason}`).join('; '),
  }
}

/** Whether two lists say the same, times apart: then there is nothing to write. */
export function areConditionsEqual(one: readonly Condition[] | undefined, other: readonly Condition[]): boolean {
  return (
    one !== undefined &&
    one.length === other.length &&
    one.every((condition, at) => {
      const twin = other[at]
      return (
        condition.type === twin?.type &&
        condition.status === twin.status &&
        condition.reason === twin.reason &&
        condition.message === twin.message &&
        condition.observedGeneration === twin.observedGeneration
      )
    })
  )
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** RFC 3339 to the second, as Kubernetes writes times. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
