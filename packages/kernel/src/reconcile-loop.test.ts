import type { Condition } from '@evenkeel/contract/kinds'
import { describe, expect, test } from 'vitest'
import { createLogger } from './log.ts'
import { Metrics } from './metrics.ts'
import { ReconcileLoop, type ReconcileLoopOptions } from './reconcile-loop.ts'
import { GONE, type Gone, type Note, type Plan, type Reconciler, type StepOutcome } from './reconciler.ts'
import { FakeClock } from './testing/index.ts'

interface LampStep {
  readonly kind: 'light' | 'wire'
  readonly lamp: string
  readonly secret?: string
}

interface LampSnapshot {
  readonly dark: readonly string[]
  readonly notes: readonly Note[]
  readonly wakeAfterMs?: number
}

const SOON: StepOutcome = { ok: false, reason: 'NotReady', detail: 'the socket is warm', retry: 'soon' }
const LATER: StepOutcome = { ok: false, reason: 'NoSpace', detail: 'the disk is full', retry: 'backoff' }

/** Keeps the lamps of a room lit. What it does and hears is in `story`; faults are set from outside. */
class LampReconciler implements Reconciler<string, LampSnapshot, LampStep> {
  readonly name = 'room.lamps'
  readonly story: string[] = []
  readonly dark = new Map<string, string[]>()
  notes: Note[] = []
  wakeAfterMs: number | undefined
  /** What `apply` answers for a lamp instead of doing it. */
  readonly answers = new Map<string, StepOutcome | Error>()
  /** Lamps whose step waits until it is let go. */
  readonly held = new Map<string, () => void>()
  holding = new Set<string>()
  observeError: Error | undefined
  reportError: Error | undefined
  reportHangs: Promise<void> | undefined
  neverSettles = false

  async observe(room: string): Promise<LampSnapshot | Gone> {
    this.story.push(`observe ${room}`)
    if (this.observeError !== undefined) {
      throw this.observeError
    }
    const dark = this.dark.get(room)
    if (dark === undefined) {
      return GONE
    }
    const snapshot = { dark: [...dark], notes: this.notes }
    return this.wakeAfterMs === undefined ? snapshot : { ...snapshot, wakeAfterMs: this.wakeAfterMs }
  }

  plan(snapshot: LampSnapshot): Plan<LampStep> {
    const steps = snapshot.dark.map((lamp) => ({ kind: 'light' as const, lamp, secret: 'hunter2' }))
    return { ...snapshot, steps }
  }

  conditions(snapshot: LampSnapshot): readonly Condition[] {
    const status = snapshot.dark.length === 0 ? 'True' : 'False'
    return [{ type: 'Lit', status, reason: 'Counted', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }]
  }

  /** Lamps of one shelf (`a1`, `a2`) at once. */
  group(step: LampStep): string {
    return step.lamp.charAt(0)
  }

  subject(step: LampStep): string {
    return step.lamp
  }

  async apply(step: LampStep): Promise<StepOutcome> {
    this.story.push(`light ${step.lamp}`)
    if (this.holding.has(step.lamp)) {
      await new Promise<void>((resolve) => this.held.set(step.lamp, resolve))
    }
    const answer = this.answers.get(step.lamp)
    if (answer instanceof Error) {
      throw answer
    }
    if (answer !== undefined) {
      return answer
    }
    for (const [room, lamps] of this.dark) {
      this.dark.set(room, this.neverSettles ? lamps : lamps.filter((lamp) => lamp !== step.lamp))
    }
    return { ok: true }
  }

  async report(room: string, snapshot: LampSnapshot): Promise<void> {
    this.story.push(`report ${room}: ${snapshot.dark.length} dark`)
    await this.reportHangs
    if (this.reportError !== undefined) {
      throw this.reportError
    }
  }
}

function makeLoop(options: Partial<ReconcileLoopOptions<string, LampSnapshot, LampStep>> = {}) {
  const clock = new FakeClock()
  const reconciler = new LampReconciler()
  const lines: Record<string, unknown>[] = []
  const log = createLogger('test', {
    level: 'info',
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  })
  const metrics = new Metrics()
  const loop = new ReconcileLoop({ reconciler, clock, log, metrics, random: () => 1, ...options })
  const stop = new AbortController()
  const start = () => loop.run(stop.signal)
  return { clock, reconciler, loop, lines, metrics, stop, start }
}

describe('one turn', () => {
  test('when there is something to do, it observes, reports what it saw, and applies', async () => {
    const { loop, reconciler } = makeLoop()
    reconciler.dark.set('hall', ['a1', 'b1'])
    const result = await loop.turn('hall')
    expect(reconciler.story).toEqual(['observe hall', 'report hall: 2 dark', 'light a1', 'light b1'])
    expect(result).toMatchObject({ outcome: 'applied', next: { kind: 'now' } })
    expect(result.conditions).toMatchObject([{ type: 'Lit', status: 'False' }])

    const settled = await loop.turn('hall')
    expect(settled).toMatchObject({ outcome: 'settled', next: { kind: 'never' }, plan: { steps: [] } })
    expect(settled.conditions).toMatchObject([{ status: 'True' }])
  })

  test('when steps are of one group, they run at once, and the next group waits for all of them', async () => {
    const { loop, reconciler, clock } = makeLoop()
    reconciler.dark.set('hall', ['a1', 'b1', 'a2'])
    reconciler.holding = new Set(['a1', 'a2'])
    const turn = loop.turn('hall')
    await clock.advance(0)
    expect(reconciler.story.slice(2)).toEqual(['light a1', 'light a2'])
    reconciler.held.get('a2')?.()
    await clock.advance(0)
    expect(reconciler.story.slice(4)).toEqual([])
    reconciler.held.get('a1')?.()
    await turn
    expect(reconciler.story.slice(4)).toEqual(['light b1'])
  })

  const aRefused = { step: 'light', reason: 'NoSpace', detail: 'the disk is full', retry: 'backoff' }
  test.each([
    ['says no for long', { a1: LATER }, { outcome: 'refused', next: { kind: 'backoff' }, refusal: aRefused }],
    ['says not yet', { a1: SOON }, { outcome: 'refused', next: { kind: 'after', delayMs: 200 } }],
    ['says not yet beside one that says no', { a1: LATER, a2: SOON }, { next: { kind: 'after', delayMs: 200 } }],
    ['throws', { a1: new Error('boom') }, { outcome: 'failed', next: { kind: 'backoff' } }],
    ['throws beside one that says not yet', { a1: SOON, a2: new Error('boom') }, { outcome: 'failed' }],
  ])('when a step %s, later groups are not applied and it is tried again', async (_what, answers, expected) => {
    const { loop, reconciler } = makeLoop()
    reconciler.dark.set('hall', ['a1', 'a2', 'b1'])
    for (const [lamp, answer] of Object.entries(answers)) {
      reconciler.answers.set(lamp, answer)
    }
    expect(await loop.turn('hall')).toMatchObject(expected)
    expect(reconciler.story).not.toContain('light b1')
  })

  test.each([
    ['waits', [{ kind: 'waiting', reason: 'R', detail: '' }], 'waiting'],
    [
      'is blocked',
      [
        { kind: 'waiting', reason: 'R', detail: '' },
        { kind: 'blocked', reason: 'R', detail: '' },
      ],
      'blocked',
    ],
    ['did something', [{ kind: 'did', reason: 'R', detail: '' }], 'settled'],
  ] as const)('when the plan says that it %s and has no steps, the outcome says so', async (_what, notes, outcome) => {
    const { loop, reconciler } = makeLoop()
    reconciler.dark.set('hall', [])
    reconciler.notes = [...notes]
    reconciler.wakeAfterMs = 5000
    expect(await loop.turn('hall')).toMatchObject({ outcome, next: { kind: 'after', delayMs: 5000 } })
  })

  test('when the object is gone, nothing is planned', async () => {
    const { loop, reconciler } = makeLoop()
    expect(await loop.turn('attic')).toEqual({ outcome: 'gone', next: { kind: 'never' } })
    expect(reconciler.story).toEqual(['observe attic'])
  })

  test('when the signal is aborted during a group, no further group is applied', async () => {
    const { loop, reconciler, clock, stop } = makeLoop()
    reconciler.dark.set('hall', ['a1', 'b1'])
    reconciler.holding.add('a1')
    const turn = loop.turn('hall', stop.signal)
    await clock.advance(0)
    stop.abort()
    reconciler.held.get('a1')?.()
    expect(await turn).toMatchObject({ outcome: 'stopped', next: { kind: 'never' } })
    expect(reconciler.story).not.toContain('light b1')
  })
})

describe('errors and logs', () => {
  test('when something is thrown, it is logged once with its cause and its object', async () => {
    const { loop, reconciler, lines } = makeLoop({ describeKey: (key) => ({ cluster: key }) })
    reconciler.dark.set('hall', ['a1'])
    reconciler.answers.set('a1', new Error('boom'))
    await loop.turn('hall')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      level: 'error',
      cluster: 'hall',
      reconciler: 'room.lamps',
      err: { message: expect.stringContaining('step light failed') },
    })
    expect(JSON.stringify(lines[0])).toContain('boom')
  })

  test('when a step is refused again and again, it is logged when it begins, and what steps carry never is', async () => {
    const { loop, reconciler, lines } = makeLoop()
    reconciler.dark.set('hall', ['a1'])
    reconciler.answers.set('a1', LATER)
    await loop.turn('hall')
    await loop.turn('hall')
    await loop.turn('hall')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ step: 'light', subject: 'a1', reason: 'NoSpace', detail: 'the disk is full' })
    reconciler.answers.clear()
    await loop.turn('hall')
    expect(lines.map(({ msg }) => msg)).toEqual(['a step was refused and is tried again', 'step applied'])
    expect(lines[1]).toMatchObject({ step: 'light', subject: 'a1' })
    expect(JSON.stringify(lines)).not.toContain('hunter2')
  })

  test('when turns end, their outcome, their steps and the queue are measured', async () => {
    const { loop, reconciler, metrics } = makeLoop()
    reconciler.dark.set('hall', ['a1', 'b1'])
    reconciler.answers.set('b1', LATER)
    await loop.turn('hall')
    loop.wake('hall')
    loop.wake('attic')
    const text = await metrics.render()
    expect(text).toContain('evenkeel_reconcile_duration_seconds_count{reconciler="room.lamps",outcome="refused"} 1')
    expect(text).toContain('evenkeel_reconcile_steps_total{reconciler="room.lamps",kind="light",outcome="applied"} 1')
    expect(text).toContain('evenkeel_reconcile_steps_total{reconciler="room.lamps",kind="light",outcome="refused"} 1')
    expect(text).toContain('evenkeel_reconcile_queue_items{reconciler="room.lamps"} 2')
  })
})

describe('running', () => {
  test('when steps were applied, it looks again at once, until nothing is left to do', async () => {
    const { loop, reconciler, clock, start, stop } = makeLoop()
    reconciler.dark.set('hall', ['a1'])
    const done = start()
    loop.wake('hall')
    await clock.advance(0)
    expect(reconciler.story).toEqual([
      'observe hall',
      'report hall: 1 dark',
      'light a1',
      'observe hall',
      'report hall: 0 dark',
    ])
    stop.abort()
    await done
  })

  test('when it fails, it comes back with growing waits, and from the start after it was well', async () => {
    const { loop, reconciler, clock, start, stop } = makeLoop({ firstBackoffMs: 100, longestBackoffMs: 400 })
    reconciler.dark.set('hall', [])
    reconciler.observeError = new Error('no disk')
    const done = start()
    loop.wake('hall')
    const turns: number[] = []
    for (const ms of [0, 100, 200, 400, 400]) {
      await clock.advance(ms)
      turns.push(reconciler.story.length)
    }
    expect(turns).toEqual([1, 2, 3, 4, 5])

    reconciler.observeError = undefined
    await clock.advance(400)
    expect(reconciler.story.at(-1)).toBe('report hall: 0 dark')
    reconciler.observeError = new Error('no disk')
    loop.wake('hall')
    await clock.advance(0)
    const before = reconciler.story.length
    await clock.advance(100)
    expect(reconciler.story.length).toBe(before + 1)
    stop.abort()
    await done
  })

  test('when the plan wants to be woken, it is, again and again', async () => {
    const { loop, reconciler, clock, start, stop } = makeLoop()
    reconciler.dark.set('hall', [])
    reconciler.wakeAfterMs = 1000
    const done = start()
    loop.wake('hall')
    await clock.advance(3500)
    expect(reconciler.story.filter((line) => line.startsWith('observe'))).toHaveLength(4)
    stop.abort()
    await done
    await clock.advance(10_000)
    expect(reconciler.story.filter((line) => line.startsWith('observe'))).toHaveLength(4)
  })

  test('when a plan never settles, it is slowed down and said so', async () => {
    const { loop, reconciler, clock, start, stop, lines } = makeLoop()
    reconciler.dark.set('hall', ['a1'])
    reconciler.neverSettles = true
    const done = start()
    loop.wake('hall')
    await clock.advance(0)
    await clock.advance(60_000)
    const turns = reconciler.story.filter((line) => line.startsWith('observe')).length
    expect(turns).toBeGreaterThan(50)
    expect(turns).toBeLessThan(70)
    expect(lines.filter(({ msg }) => String(msg).includes('does not settle'))).toHaveLength(1)
    stop.abort()
    await done
  })

  test('when nobody can be told, the work is done all the same and the report comes later', async () => {
    const { loop, reconciler, clock, start, stop, lines } = makeLoop({ firstBackoffMs: 100 })
    reconciler.dark.set('hall', ['a1'])
    reconciler.reportError = new Error('the home is dead')
    const done = start()
    loop.wake('hall')
    await clock.advance(0)
    expect(reconciler.dark.get('hall')).toEqual([])
    // 2 in the first moment, then after 200, 400, 800 ms: further and further apart.
    await clock.advance(1400)
    expect(reconciler.story.filter((line) => line.startsWith('report'))).toHaveLength(5)
    reconciler.reportError = undefined
    await clock.advance(1600)
    expect(reconciler.story.at(-1)).toBe('report hall: 0 dark')
    await clock.advance(60_000)
    expect(reconciler.story.filter((line) => line.startsWith('report'))).toHaveLength(6)
    expect(lines.some(({ msg }) => String(msg).includes('report of a turn could not be made'))).toBe(true)
    stop.abort()
    await done
  })

  test('when a report hangs, the work goes on after a second, and the newest state is reported afterwards', async () => {
    const { loop, reconciler, clock, start, stop } = makeLoop()
    let answer = () => {}
    reconciler.reportHangs = new Promise((resolve) => {
      answer = resolve
    })
    reconciler.dark.set('hall', ['a1'])
    const done = start()
    loop.wake('hall')
    await clock.advance(999)
    expect(reconciler.dark.get('hall')).toEqual(['a1'])
    await clock.advance(1)
    expect(reconciler.dark.get('hall')).toEqual([])
    expect(reconciler.story.filter((line) => line.startsWith('report'))).toEqual(['report hall: 1 dark'])
    answer()
    await clock.advance(0)
    expect(reconciler.story.filter((line) => line.startsWith('report'))).toEqual([
      'report hall: 1 dark',
      'report hall: 0 dark',
    ])
    stop.abort()
    await done
  })
})
