import { describe, expect, it } from 'vitest'
import { parseLockTable } from './locks.ts'

describe('parseLockTable', () => {
  it('when locks of all kinds are listed, it keeps record locks for writing, and who waits for them', () => {
    const table = parseLockTable(
      [
        '1: POSIX  ADVISORY  WRITE 2852 fe:00:10414241 0 EOF',
        '1: -> POSIX  ADVISORY  WRITE 6925 fe:00:10414241 0 EOF',
        '1: -> POSIX  ADVISORY  WRITE 6926 fe:00:10414241 0 EOF',
        '2: POSIX  ADVISORY  READ  77 fe:00:5 0 EOF',
        '3: FLOCK  ADVISORY  WRITE 78 fe:00:6 0 EOF',
        '4: OFDLCK ADVISORY  WRITE -1 fe:00:7 0 EOF',
        '5: POSIX  ADVISORY  WRITE 79 00:1f:10414241 0 EOF',
        '',
      ].join('\n'),
    )
    expect(table.holders).toEqual(new Map([[10414241, [2852, 79]]]))
    expect(table.waiters).toEqual(new Map([[10414241, [6925, 6926]]]))
  })

  it('when nothing is locked, it is empty', () => {
    expect(parseLockTable('')).toEqual({ holders: new Map(), waiters: new Map() })
  })
})
