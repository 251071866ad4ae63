import type { Update } from '@evenkeel/contract/kinds'
import { describe, expect, it } from 'vitest'
import { NEW, nodeGroupIntent } from '../node-group/testing/node-group-world.ts'
import { type NodeGroupUpdateSnapshot, planNodeGroupUpdate } from './plan-node-group.ts'

const CREATED_MS = Date.parse('2026-11-24T12:00:00Z')
const lastVersionUpdate = { id: 'u1', force: false }
const intent = nodeGroupIntent({ generation: 2, spec: { releaseVersion: NEW, lastVersionUpdate } })
const progress = { releaseVersion: NEW, asked: `${NEW} u1`, settledGeneration: 1 }
const failed = { at: '2026-11-24T12:20:00Z', code: 'PodEvictionFailure', message: 'why', resourceIds: ['ng-1'] }

function snapshot(change: Partial<NodeGroupUpdateSnapshot> = {}): NodeGroupUpdateSnapshot {
  const update: Update = {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Update',
    metadata: { name: 'u1', namespace: 'account-1', creationTimestamp: '2026-11-24T12:00:00Z' },
    spec: { clusterName: 'web', nodegroupName: 'workers', type: 'VersionUpdate', params: [] },
  }
  return { nowMs: CREATED_MS + 1000, update, intent, progress, ...change }
}

describe('planNodeGroupUpdate', () => {
  it.each<[string, Partial<NodeGroupUpdateSnapshot>, string[]]>([
    ['nodes are not there yet', {}, []],
    ['nodes are as it wants them', { progress: { ...progress, settledGeneration: 2 } }, ['Successful']],
    ['it has failed', { progress: { ...progress, failed: { ...failed, updateId: 'u1' } } }, ['Failed']],
    ['the one before it has failed', { progress: { ...progress, failed: { ...failed, updateId: 'u0' } } }, []],
    ['its change is not accepted yet', { intent: nodeGroupIntent() }, []],
    ['the group is not accepted yet', { intent: undefined, progress: undefined }, []],
    ['it was overtaken', { intent: nodeGroupIntent(), nowMs: CREATED_MS + 61_000 }, ['Cancelled']],
  ])('when %s, it plans accordingly', (_when, change, phases) => {
    expect(planNodeGroupUpdate(snapshot(change)).steps.map(({ phase }) => phase)).toEqual(phases)
  })

  it('when it has failed, it tells why in words of EKS', () => {
    const { steps } = planNodeGroupUpdate(
      snapshot({ progress: { ...progress, failed: { ...failed, updateId: 'u1' } } }),
    )
    expect(steps[0]?.errors).toEqual([{ errorCode: 'PodEvictionFailure', errorMessage: 'why', resourceIds: ['ng-1'] }])
  })
})
