import type { Condition, MemberStatus } from '@evenkeel/contract/kinds'
import { describe, expect, test } from 'vitest'
import { memberLines, newlyReady, progressText, summarize, waitLines } from './members.ts'

function member(component: string, place: string, state: MemberStatus['state'], leader?: boolean): MemberStatus {
  const zone = component === 'endpoint' ? {} : { zone: place }
  return { name: `${component}-${place}`, component, state, ...zone, ...(leader === undefined ? {} : { leader }) }
}

const members = [
  member('endpoint', '2', 'Ready'),
  member('endpoint', '1', 'Starting'),
  member('kube-apiserver', 'a', 'Ready'),
  member('kube-apiserver', 'b', 'NotReady'),
  member('etcd', 'c', 'Ready'),
  member('etcd', 'a', 'Ready', true),
  member('etcd', 'b', 'Ready', false),
]

function condition(type: string, status: Condition['status'], message: string): Condition {
  return { type, status, reason: 'Test', message, lastTransitionTime: '2026-11-24T00:00:00Z' }
}

describe('members', () => {
  test('when they are shown, each component has a line and the leader is marked', () => {
    expect(memberLines(members)).toEqual([
      'etcd            a Ready (leader)  b Ready     c Ready',
      'kube-apiserver  a Ready           b NotReady',
      'endpoint        1 Starting        2 Ready',
    ])
  })

  test('when the last member of a component becomes ready, that is told once', () => {
    const after = members.map((one) => ({ ...one, state: 'Ready' as const }))
    expect(newlyReady(members, after)).toEqual(['kube-apiserver is ready: a, b', 'endpoint is ready: 1, 2'])
    expect(newlyReady(after, after)).toEqual([])
    expect(newlyReady([], members)).toEqual(['etcd is ready: a, b, c'])
  })

  test('when they are summed up, members and zones are counted', () => {
    expect(summarize('1.37', members)).toBe('Kubernetes 1.37, 3 etcd and 2 API servers in zones a, b, c')
  })
})

describe('waiting', () => {
  test('when conditions are not true, the sum of all comes first', () => {
    const conditions = [
      condition('EtcdQuorate', 'True', 'all 3 etcd members are healthy'),
      condition('EndpointReady', 'False', 'no ready API server answers through the endpoint'),
      condition('ControlPlaneReady', 'False', 'waits for 1 of 2 API servers'),
    ]
    expect(waitLines(conditions)).toEqual([
      'waits for 1 of 2 API servers',
      'EndpointReady: no ready API server answers through the endpoint',
    ])
  })

  test('when nothing is known for the reason that the sum gives, it is given once', () => {
    const failed = { reason: 'CreateFailed', status: 'Unknown' } as const
    const conditions = [
      { ...condition('EtcdQuorate', 'Unknown', 'not asked any more: the create has failed (disk full)'), ...failed },
      { ...condition('ControlPlaneReady', 'False', 'disk full'), reason: 'CreateFailed' },
    ]
    expect(waitLines(conditions)).toEqual(['disk full'])
  })

  test('when no keeper has looked at it, it says that', () => {
    expect(progressText(undefined)).toBe('waits for a keeper to take it over')
  })
})
