import { describe, expect, it } from 'vitest'
import { planIntent } from './plan.ts'
import type { HostedIntent } from './record.ts'
import type { IntentSnapshot, IntentStep } from './snapshot.ts'

const FINALIZER = 'evenkeel.dev/keeper'

function intent(change: Partial<HostedIntent> = {}): HostedIntent {
  return {
    kind: 'hosted',
    generation: 1,
    digest: 'd1',
    uid: 'u1',
    namespace: 'account-1',
    name: 'web',
    spec: { eksName: 'web', version: '1.37' },
    acceptedAt: '2026-11-24T12:00:00Z',
    deleting: false,
    ...change,
  }
}

function snapshot(change: Partial<IntentSnapshot> = {}): IntentSnapshot {
  return {
    id: 'abc',
    object: { namespace: 'account-1', name: 'web' },
    uid: 'u1',
    generation: 1,
    asked: intent(),
    finalizers: [FINALIZER],
    resourceVersion: '7',
    deleting: false,
    recorded: undefined,
    hasRemains: true,
    ...change,
  }
}

const REFUSED = { refused: '/spec/version must match' }

const deleting = { deleting: true, asked: intent({ generation: 2, deleting: true }) }

function finalizers(...names: string[]): IntentStep {
  return {
    kind: 'SetFinalizers',
    object: { namespace: 'account-1', name: 'web' },
    resourceVersion: '7',
    finalizers: names,
  }
}

function write(change: Partial<HostedIntent> = {}): IntentStep {
  return { kind: 'WriteIntent', id: 'abc', intent: intent(change) }
}

describe('planIntent', () => {
  it.each<[string, IntentSnapshot, IntentStep[]]>([
    [
      'an object is new, it sets the finalizer first',
      snapshot({ finalizers: ['x'] }),
      [finalizers('x', FINALIZER), write()],
    ],
    ['it died between finalizer and record, it writes the record', snapshot(), [write()]],
    ['nothing has changed, it does nothing', snapshot({ recorded: intent() }), []],
    [
      'the spec has changed, it takes the new generation',
      snapshot({ recorded: intent(), asked: intent({ generation: 2, digest: 'd2' }) }),
      [write({ generation: 2, digest: 'd2' })],
    ],
    [
      'the home was set back, it keeps what was accepted',
      snapshot({ recorded: intent({ generation: 5, digest: 'd5' }) }),
      [],
    ],
    [
      'a home that was set back shows a deletion, it takes the deletion alone',
      snapshot({ ...deleting, recorded: intent({ generation: 5, digest: 'd5' }) }),
      [write({ generation: 5, digest: 'd5', deleting: true })],
    ],
    [
      'a deletion was accepted and the home shows none, it stays accepted',
      snapshot({ recorded: intent({ generation: 2, deleting: true }), asked: intent({ generation: 3 }) }),
      [write({ generation: 3, deleting: true })],
    ],
    [
      'an object is being deleted, it records that',
      snapshot({ ...deleting, recorded: intent() }),
      [write({ generation: 2, deleting: true })],
    ],
    [
      'the removal goes on, it does nothing',
      snapshot({ ...deleting, recorded: intent({ generation: 2, deleting: true }) }),
      [],
    ],
    [
      'nothing is left of what is being deleted, it lets go',
      snapshot({ ...deleting, hasRemains: false }),
      [finalizers()],
    ],
    [
      'others hold the object as well, it takes away its own finalizer alone',
      snapshot({ ...deleting, hasRemains: false, finalizers: ['x', FINALIZER] }),
      [finalizers('x')],
    ],
    [
      'nothing is left and our finalizer is gone, it does nothing',
      snapshot({ ...deleting, hasRemains: false, finalizers: ['x'] }),
      [],
    ],
    [
      'something is left without a record, it records the deletion so that it is removed',
      snapshot({ ...deleting }),
      [write({ generation: 2, deleting: true })],
    ],
    ['an object cannot be accepted, it does nothing', snapshot({ asked: REFUSED }), []],
    [
      'what cannot be accepted is being deleted, it lets go',
      snapshot({ asked: REFUSED, deleting: true, hasRemains: false }),
      [finalizers()],
    ],
    [
      'what was accepted once cannot be any more, it stays accepted',
      snapshot({ asked: REFUSED, recorded: intent() }),
      [],
    ],
    [
      'what was accepted once is being deleted, it records that',
      snapshot({ asked: REFUSED, recorded: intent(), deleting: true }),
      [write({ deleting: true })],
    ],
  ])('when %s', (_when, given, steps) => {
    expect(planIntent(given, { finalizer: FINALIZER }).steps).toEqual(steps)
  })

  it('when the home was set back, it says that what was accepted stays in force', () => {
    const recorded = intent({ generation: 5, digest: 'd5' })
    expect(planIntent(snapshot({ recorded }), { finalizer: FINALIZER }).notes).toMatchObject([
      { kind: 'blocked', reason: 'HomeSetBack' },
    ])
  })

  it('when another object has taken the name, it does not write over the record of the first', () => {
    const recorded = intent({ uid: 'other' })
    expect(planIntent(snapshot({ recorded }), { finalizer: FINALIZER }).steps).toEqual([])
  })
})
