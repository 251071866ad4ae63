import { expect, test } from 'vitest'
import { nodeGroupLines } from '../node-group/index.ts'
import { type KeptControlPlane, keptCertificates, keptView, keptWaits, parseKeeperAnswer } from './kept.ts'

const kept: KeptControlPlane = {
  id: 'wqgno4ogai',
  kind: 'hosted',
  namespace: 'account-123456789012',
  eksName: 'demo',
  phase: 'ACTIVE',
  conditions: [{ type: 'EndpointReady', status: 'False', reason: 'NoAnswer', message: 'no ready API server answers' }],
  members: [
    { name: 'etcd-a', component: 'etcd', zone: 'a', version: 'v3.7.3', state: 'Ready' },
    { name: 'kube-apiserver-a', component: 'kube-apiserver', zone: 'a', version: 'v1.37.2', state: 'NotReady' },
  ],
  notes: [
    { kind: 'did', detail: 'restarted kube-apiserver-b' },
    { kind: 'waiting', detail: 'kube-apiserver-a is being restarted' },
  ],
  silent: { 'kube-apiserver-a': 'HTTP status 500: [+]ping ok\n[-]etcd failed' },
}

test('when a keeper says what it waits for, that is told, then who does not answer, a line each', () => {
  expect(keptWaits(kept)).toEqual([
    'kube-apiserver-a is being restarted',
    'kube-apiserver-a: HTTP status 500: [+]ping ok',
  ])
})

test('when a keeper says nothing, its conditions do', () => {
  expect(keptWaits({ ...kept, notes: [], silent: {} })).toEqual(['EndpointReady: no ready API server answers'])
})

test('when the home is dead, the nodes of a cluster are shown as the keeper has them', () => {
  const node = { name: 'ng-1', zone: 'a', instanceType: 't3.small', releaseVersion: '1.37.2-20261125' }
  const nodes = [
    { ...node, state: 'Joined' as const, ready: true },
    { ...node, name: 'ng-2', state: 'Booting' as const, ready: false },
  ]
  const group = { cluster: kept.id, nodegroupName: 'small', phase: 'CREATING', nodes, issues: [] }
  const notes = [{ kind: 'waiting', detail: 'ng-2 boots' }]
  const groups = [
    { ...group, notes },
    { ...group, cluster: 'another', notes },
  ]
  expect(keptView(kept, groups).nodeGroups).toEqual([
    { name: 'small', phase: 'CREATING', ready: 1, nodes, waits: ['ng-2 boots'] },
  ])
  expect(nodeGroupLines(keptView(kept, groups).nodeGroups, 0)).toEqual([
    'node group small  CREATING  1/2 Ready',
    '  ng-2  zone a  t3.small  1.37.2-20261125  NotReady  Booting',
    '  waits: ng-2 boots',
  ])
})

test('when the home is dead, a cluster is shown as the keeper has it', () => {
  expect(keptView(kept)).toMatchObject({
    name: 'demo',
    accountId: '123456789012',
    id: 'wqgno4ogai',
    phase: 'ACTIVE',
    kubernetesVersion: 'v1.37.2',
    etcdVersion: 'v3.7.3',
  })
})

test('when something else than a keeper answers, it is not taken for one', () => {
  expect(parseKeeperAnswer('<html>')).toBeUndefined()
  expect(parseKeeperAnswer('{"acts":"yes"}')).toBeUndefined()
  expect(parseKeeperAnswer('{"acts":true,"controlPlanes":[]}')).toEqual({ acts: true, controlPlanes: [] })
})

test('when a keeper renews certificates, it says whose end when, those of home and EKS API too', () => {
  const { eksName: _eksName, ...home } = {
    ...kept,
    kind: 'home' as const,
    nextCertificateExpiry: '2027-01-02T00:00:00Z',
  }
  const demo = {
    ...kept,
    nextCertificateExpiry: '2027-01-01T00:00:00Z',
    certificateAuthorityExpiry: '2036-01-01T00:00:00Z',
  }
  const answer = {
    acts: true,
    controlPlanes: [demo, home, kept],
    serviceCertificate: { nextExpiry: '2027-01-03T00:00:00Z', authorityExpiry: '2036-01-03T00:00:00Z' },
  }
  expect(keptCertificates(answer)).toEqual([
    { of: 'cluster demo', nextExpiry: '2027-01-01T00:00:00Z', authorityExpiry: '2036-01-01T00:00:00Z' },
    { of: 'the home', nextExpiry: '2027-01-02T00:00:00Z' },
    { of: 'the EKS API', nextExpiry: '2027-01-03T00:00:00Z', authorityExpiry: '2036-01-03T00:00:00Z' },
  ])
})
