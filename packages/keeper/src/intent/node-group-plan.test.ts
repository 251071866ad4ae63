import { describe, expect, it } from 'vitest'
import { nodeGroupIntent } from '../node-group/testing/node-group-world.ts'
import { type NodeGroupIntentSnapshot, planNodeGroupIntent } from './node-group-plan.ts'

const FINALIZER = 'evenkeel.dev/keeper'

function snapshot(change: Partial<NodeGroupIntentSnapshot> = {}): NodeGroupIntentSnapshot {
  return {
    id: 'g1',
    object: { namespace: 'account-000000000001', name: 'web.workers' },
    uid: 'uid-of-workers',
    generation: 1,
    asked: nodeGroupIntent(),
    finalizers: [FINALIZER],
    resourceVersion: '7',
    deleting: false,
    recorded: nodeGroupIntent(),
    cluster: { id: 'web', deleting: false },
    ...change,
  }
}

const deleted = { ...nodeGroupIntent(), deleting: true }
const newer = nodeGroupIntent({ generation: 2, spec: { labels: { a: 'b' } } })

describe('planNodeGroupIntent', () => {
  it.each<[string, Partial<NodeGroupIntentSnapshot>, string[]]>([
    ['it is new', { finalizers: [], recorded: undefined }, ['SetFinalizers', 'WriteNodeGroupIntent']],
    ['all is on record', {}, []],
    ['it has changed', { asked: newer }, ['WriteNodeGroupIntent']],
    ['the home was set back', { recorded: newer }, []],
    ['its cluster is not accepted yet', { recorded: undefined, cluster: undefined, finalizers: [] }, []],
    [
      'its cluster is being deleted and never had it',
      { recorded: undefined, cluster: { id: 'web', deleting: true }, finalizers: [] },
      [],
    ],
    [
      'its cluster is being deleted and has it',
      { asked: deleted, deleting: true, cluster: { id: 'web', deleting: true } },
      ['WriteNodeGroupIntent'],
    ],
    ['its deletion is asked for', { asked: deleted, deleting: true }, ['WriteNodeGroupIntent']],
    ['its deletion is on record', { asked: deleted, deleting: true, recorded: deleted }, []],
    ['nothing is left of it', { asked: deleted, deleting: true, recorded: undefined }, ['SetFinalizers']],
    [
      'nothing is left of it or of its cluster',
      { asked: deleted, deleting: true, recorded: undefined, cluster: undefined },
      ['SetFinalizers'],
    ],
    ['it cannot be accepted', { asked: { refused: 'no' }, recorded: undefined, finalizers: [] }, []],
    [
      'it cannot be accepted any more, and is deleted',
      { asked: { refused: 'no' }, deleting: true },
      ['WriteNodeGroupIntent'],
    ],
  ])('when %s, it plans accordingly', (_when, change, kinds) => {
    const { steps } = planNodeGroupIntent(snapshot(change), { finalizer: FINALIZER })
    expect(steps.map(({ kind }) => kind)).toEqual(kinds)
  })

  it('when a deletion is asked for once, it stays asked for', () => {
    const { steps } = planNodeGroupIntent(snapshot({ asked: newer, recorded: deleted }), { finalizer: FINALIZER })
    expect(steps).toMatchObject([{ intent: { deleting: true, generation: 2 } }])
  })
})
