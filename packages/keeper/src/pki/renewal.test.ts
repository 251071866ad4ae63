import { describe, expect, it } from 'vitest'
import { isDueForRenewal } from './renewal.ts'

describe('isDueForRenewal', () => {
  it.each([
    ['new', 0, false],
    ['in its second third', 199, false],
    ['in its last third', 200, true],
    ['expired', 301, true],
    ['not yet valid', -10, false],
  ])('when a certificate of 300 ms is %s, it says so', (_, nowMs, due) => {
    expect(isDueForRenewal({ notBeforeMs: 0, notAfterMs: 300, nowMs })).toBe(due)
  })
})
