import type { Condition } from '@evenkeel/contract/kinds'
import { describe, expect, test } from 'vitest'
import { areConditionsEqual, type ConditionDraft, formatTime, mergeConditions, summary } from './conditions.ts'

const NOW_MS = Date.parse('2026-11-24T10:00:00.123Z')
const EARLIER = '2026-11-20T08:00:00Z'

function draft(type: string, status: ConditionDraft['status'], reason = 'R', message = ''): ConditionDraft {
  return { type, status, reason, message }
}

function known(type: string, status: ConditionDraft['status']): Condition {
  return { ...draft(type, status), lastTransitionTime: EARLIER }
}

describe('mergeConditions', () => {
  test.each([
    ['is new', [], '2026-11-24T10:00:00Z'],
    ['has the status that it had', [known('Ready', 'True')], EARLIER],
    ['has another status', [known('Ready', 'False')], '2026-11-24T10:00:00Z'],
    ['is known under another type only', [known('Healthy', 'True')], '2026-11-24T10:00:00Z'],
  ])('when a condition %s, its time follows', (_what, before, time) => {
    const [merged] = mergeConditions(before, [draft('Ready', 'True', 'New', 'words')], { nowMs: NOW_MS })
    expect(merged).toEqual({ ...draft('Ready', 'True', 'New', 'words'), lastTransitionTime: time })
  })

  test('when conditions are no longer drafted, they are dropped, and the order is that of the drafts', () => {
    const before = [known('C', 'True'), known('A', 'True'), known('B', 'True')]
    const drafts = [draft('B', 'True'), draft('A', 'False')]
    const merged = mergeConditions(before, drafts, { nowMs: NOW_MS, observedGeneration: 3 })
    expect(merged.map(({ type, observedGeneration }) => [type, observedGeneration])).toEqual([
      ['B', 3],
      ['A', 3],
    ])
    expect(
      areConditionsEqual(merged, mergeConditions(merged, drafts, { nowMs: NOW_MS + 9e6, observedGeneration: 3 })),
    ).toBe(true)
  })
})

describe('summary', () => {
  test.each<[string, ConditionDraft[], Partial<ConditionDraft>]>([
    ['all are well', [draft('A', 'True'), draft('Degraded', 'False')], { status: 'True', reason: 'AllWell' }],
    ['there are none', [], { status: 'True' }],
    [
      'one is bad',
      [draft('A', 'True'), draft('B', 'False', 'Down', 'etcd-a is down'), draft('C', 'Unknown')],
      { status: 'False', reason: 'Down', message: 'B: etcd-a is down' },
    ],
    [
      'one of which True is bad is True',
      [draft('Degraded', 'True', 'Slow')],
      { status: 'False', message: 'Degraded: Slow' },
    ],
    [
      'one is not known',
      [draft('A', 'True'), draft('B', 'Unknown', 'NoAnswer')],
      { status: 'Unknown', reason: 'NoAnswer' },
    ],
    [
      'two are bad',
      [draft('A', 'False', 'X'), draft('B', 'False', 'Y')],
      { status: 'False', reason: 'SeveralReasons' },
    ],
  ])('when %s, it says so', (_what, conditions, expected) => {
    expect(summary(conditions, { type: 'Ready', negative: ['Degraded'] })).toMatchObject({ type: 'Ready', ...expected })
  })
})

describe('areConditionsEqual', () => {
  const one = [known('A', 'True')]
  test.each<[string, Condition[] | undefined, boolean]>([
    ['only the time differs', [{ ...known('A', 'True'), lastTransitionTime: '2020-01-01T00:00:00Z' }], true],
    ['there were none', undefined, false],
    ['the message differs', [{ ...known('A', 'True'), message: 'x' }], false],
    ['one is missing', [], false],
    ['the generation differs', [{ ...known('A', 'True'), observedGeneration: 2 }], false],
  ])('when %s, it says %s', (_what, other, isEqual) => {
    expect(areConditionsEqual(other, one)).toBe(isEqual)
  })
})

test('when a time is written, it has no fraction of a second', () => {
  expect(formatTime(NOW_MS)).toBe('2026-11-24T10:00:00Z')
})
