import { describe, expect, it } from 'vitest'
import { hostedIntent, settled, withInstances, withSilent } from '../testing/snapshots.ts'
import { controlPlaneConditions } from './conditions.ts'
import type { ControlPlaneSnapshot } from './snapshot.ts'
import { controlPlaneStatus } from './status.ts'

function statusOf(snapshot: ControlPlaneSnapshot) {
  return controlPlaneStatus(snapshot, controlPlaneConditions(snapshot, []))
}

describe('controlPlaneStatus', () => {
  it('when a cluster is active, it says all that a client needs', () => {
    const { members, conditions, ...rest } = statusOf(settled())
    expect(rest).toEqual({
      observedGeneration: 1,
      phase: 'ACTIVE',
      id: 'abc',
      endpoint: 'https://127.9.0.2:6443',
      certificateAuthorityData: Buffer.from('CA').toString('base64'),
      oidcIssuer: 'https://127.9.0.2:6443/oidc/abc',
      platformVersion: 'eks.1',
      kubernetesVersion: 'v1.37.2',
      etcdVersion: 'v3.7.3',
      network: 'loopback',
      health: { issues: [] },
      tokensValidUntil: '2026-12-24T00:00:00Z',
      nextCertificateExpiry: '2027-09-20T00:00:00Z',
      certificateAuthorityExpiry: '2036-11-24T00:00:00Z',
    })
    expect(members?.find((member) => member.name === 'etcd-a')).toEqual({
      name: 'etcd-a',
      component: 'etcd',
      zone: 'a',
      version: 'v3.7.3',
      state: 'Ready',
    })
    expect(conditions.length).toBeGreaterThan(5)
  })

  it('when it is being created, it shows no endpoint that nobody answers at', () => {
    expect(statusOf(settled({ outcome: undefined }))).not.toHaveProperty('endpoint')
  })

  it('when members are in different states, it says which', () => {
    const given = withSilent(
      withInstances(settled(), {
        'etcd-a': 'absent',
        'etcd-b': { state: 'starting' },
        'kube-apiserver-a': { state: 'unsupervised' },
        'kube-scheduler-b': { state: 'stopped' },
      }),
      'etcd-c',
    )
    const states = Object.fromEntries((statusOf(given).members ?? []).map(({ name, state }) => [name, state]))
    expect(states).toMatchObject({
      'etcd-a': 'Absent',
      'etcd-b': 'Starting',
      'etcd-c': 'NotReady',
      'kube-apiserver-a': 'Unsupervised',
      'kube-scheduler-b': 'Absent',
      'kube-apiserver-b': 'Ready',
      'endpoint-1': 'Ready',
    })
  })

  it.each<[string, ControlPlaneSnapshot, string[]]>([
    ['all is well', settled(), []],
    ['one member is away', withSilent(settled(), 'etcd-a'), []],
    ['the quorum is lost', withSilent(settled(), 'etcd-a', 'etcd-b'), ['ClusterUnreachable']],
    ['a volume is gone', settled({ observedVolumes: [] }), ['ResourceNotFound']],
    ['the disk is below the floor', settled({ isBelowFloor: true }), ['ResourceLimitExceeded']],
    [
      'the disk is full',
      settled({ refusals: [{ step: 'EnsureInstance', subject: 'etcd-a', code: 'NoSpace', message: 'full' }] }),
      ['ResourceLimitExceeded'],
    ],
    [
      'its create has failed',
      settled({ outcome: { result: 'failed', at: '', code: 'UnsupportedVersion', message: 'no' } }),
      ['UnsupportedVersion'],
    ],
    ['it is being deleted', withSilent(settled({ intent: hostedIntent({ deleting: true }) }), 'etcd-a', 'etcd-b'), []],
  ])('when %s, health says so', (_when, given, codes) => {
    expect(statusOf(given).health?.issues.map(({ code }) => code)).toEqual(codes)
  })
})
