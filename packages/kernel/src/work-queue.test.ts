import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeClock, waitFor } from './testing/index.ts'
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts'

/** A queue whose handlers end when the test says so. */
function startQueue(options: WorkQueueOptions = {}) {
  const clock = new FakeClock()
  const queue = new WorkQueue({ clock, random: () => 1, ...options })
  const started: string[] = []
  const ends: (() => void)[] = []
  const stop = new AbortController()
  const done = queue.run((key) => {
    started.push(key)
    return new Promise((resolve) => ends.push(resolve))
  }, stop.signal)
  const finishOne = async () => {
    ends.shift()?.()
    await clock.advance(0)
  }
  return { clock, queue, started, finishOne, stop, done }
}

describe('work queue', () => {
  test('when a key is added several times before its turn, it has one turn', async () => {
    const { queue, started, finishOne, clock } = startQueue({ concurrency: 1 })
    queue.add('a')
    queue.add('b')
    queue.add('b')
    await clock.advance(0)
    expect(started).toEqual(['a'])
    expect(queue.depth).toBe(1)
    await finishOne()
    await finishOne()
    expect(started).toEqual(['a', 'b'])
    expect(queue.depth).toBe(0)
  })

  test('when a key is added while it is worked on, it has one more turn, and never two at once', async () => {
    const { queue, started, finishOne, clock } = startQueue({ concurrency: 4 })
    queue.add('a')
    await clock.advance(0)
    queue.add('a')
    queue.add('a')
    await clock.advance(0)
    expect(started).toEqual(['a'])
    await finishOne()
    expect(started).toEqual(['a', 'a'])
    await finishOne()
    expect(started).toEqual(['a', 'a'])
  })

  test('when there are more keys than workers, the others wait', async () => {
    const depths: number[] = []
    const { queue, started, finishOne, clock } = startQueue({ concurrency: 2, onDepth: (depth) => depths.push(depth) })
    for (const key of ['a', 'b', 'c']) {
      queue.add(key)
    }
    await clock.advance(0)
    expect(started).toEqual(['a', 'b'])
    expect(queue.running).toBe(2)
    expect(depths.at(-1)).toBe(1)
    await finishOne()
    expect(started).toEqual(['a', 'b', 'c'])
    expect(depths.at(-1)).toBe(0)
  })

  test('when several delays are asked for, the earliest counts, and a turn before it answers it', async () => {
    const { queue, started, finishOne, clock } = startQueue()
    queue.addAfter('a', 1000)
    queue.addAfter('a', 200)
    queue.addAfter('a', 500)
    await clock.advance(199)
    expect(started).toEqual([])
    await clock.advance(1)
    expect(started).toEqual(['a'])
    await finishOne()
    await clock.advance(10_000)
    expect(started).toEqual(['a'])

    queue.addAfter('a', 100)
    queue.add('a')
    await clock.advance(0)
    await finishOne()
    await clock.advance(10_000)
    expect(started).toEqual(['a', 'a'])
  })

  test('when a key fails again and again, its backoff doubles up to the longest, until it is forgotten', () => {
    const { queue } = startQueue({ firstBackoffMs: 100, longestBackoffMs: 1000 })
    const delays = Array.from({ length: 6 }, () => queue.retry('a'))
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000])
    expect(queue.failures('a')).toBe(6)
    queue.forget('a')
    expect(queue.retry('a')).toBe(100)
  })

  test('when it is stopped, it waits for what runs and starts nothing more', async () => {
    const { queue, started, finishOne, stop, done, clock } = startQueue({ concurrency: 1 })
    queue.add('a')
    queue.add('b')
    queue.addAfter('c', 10)
    await clock.advance(0)
    stop.abort()
    let isDone = false
    const watched = done.then(() => {
      isDone = true
    })
    await clock.advance(100)
    expect(isDone).toBe(false)
    await finishOne()
    await watched
    queue.add('d')
    await clock.advance(100)
    expect(started).toEqual(['a'])
    expect(clock.pending).toBe(0)
  })

  test('when a handler throws, the queue goes on and tells', async () => {
    const errors: unknown[] = []
    const queue = new WorkQueue({ concurrency: 1, onError: (key, error) => errors.push([key, error]) })
    const handled: string[] = []
    const stop = new AbortController()
    const done = queue.run(async (key) => {
      handled.push(key)
      if (key === 'a') {
        throw new Error('a bug')
      }
    }, stop.signal)
    queue.add('a')
    queue.add('b')
    await waitFor(() => handled.length === 2, { what: 'both keys' })
    expect(errors).toEqual([['a', new Error('a bug')]])
    stop.abort()
    await done
    await expect(queue.run(async () => {}, stop.signal)).rejects.toThrow('make another one')
  })

  test('whatever is added and however long turns take, no key is with two workers and the last add has its turn', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd')
    const act = fc.record({ key, pauseMs: fc.nat(3), later: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (acts, concurrency) => {
        const clock = new FakeClock()
        const queue = new WorkQueue({ clock, concurrency })
        const active = new Set<string>()
        const startedAt = new Map<string, number>()
        const stop = new AbortController()
        let turns = 0
        const done = queue.run(async (one) => {
          expect(active.has(one)).toBe(false)
          active.add(one)
          expect(active.size).toBeLessThanOrEqual(concurrency)
          turns += 1
          startedAt.set(one, turns)
          await clock.sleep(2)
          active.delete(one)
        }, stop.signal)
        const addedAt = new Map<string, number>()
        for (const { key: one, pauseMs, later } of acts) {
          if (later) {
            queue.addAfter(one, 3)
          } else {
            queue.add(one)
          }
          addedAt.set(one, turns)
          await clock.advance(pauseMs)
        }
        await clock.advance(1000)
        for (const [one, before] of addedAt) {
          expect(startedAt.get(one)).toBeGreaterThan(before)
        }
        stop.abort()
        await done
      }),
      { numRuns: 50 },
    )
  })
})
