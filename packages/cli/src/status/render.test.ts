import type { MemberStatus } from '@evenkeel/contract/kinds'
import { expect, test } from 'vitest'
import type { NodeGroupView } from '../node-group/index.ts'
import { renderStatus } from './render.ts'
import { isWell, type KeeperView, type StatusSnapshot } from './snapshot.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')

function keeper(place: string, acts: boolean): KeeperView {
  return {
    name: `keeper-${place}`,
    place,
    state: 'running',
    pid: 100,
    startedAtMs: nowMs - 3_600_000,
    ready: true,
    problems: [],
    acts,
  }
}

function member(component: string, zone: string, leader?: boolean): MemberStatus {
  const name = `${component}-${zone}`
  return { name, component, zone, state: 'Ready', ...(leader === undefined ? {} : { leader }) }
}

const well: StatusSnapshot = {
  nowMs,
  region: 'local-1',
  accountId: '123456789012',
  serviceUrl: 'http://127.0.0.1:8080',
  stateFolder: '/home/ann/.evenkeel',
  simulated: false,
  scarceDisks: [],
  trees: ['a', 'b', 'c', 'region'].map((place) => ({ place, isUp: true })),
  service: {
    name: 'service',
    place: 'region',
    state: 'running',
    pid: 7,
    startedAtMs: nowMs - 61_000,
    ready: true,
    problems: [],
  },
  home: {
    ready: true,
    problems: [],
    members: [
      { name: 'etcd-a', place: 'a', state: 'running', pid: 8, startedAtMs: nowMs - 7_200_000 },
      { name: 'kube-apiserver-a', place: 'a', state: 'running', pid: 9, startedAtMs: nowMs - 7_200_000 },
    ],
  },
  keepers: [keeper('a', false), keeper('b', true), keeper('c', false)],
  authenticators: ['a', 'b'].map((place) => ({ name: `authenticator-${place}`, place, state: 'running', pid: 11 })),
  clustersFrom: 'home',
  clusters: [
    {
      name: 'demo',
      accountId: '123456789012',
      phase: 'ACTIVE',
      version: '1.37',
      kubernetesVersion: 'v1.37.2',
      etcdVersion: 'v3.7.3',
      endpoint: 'https://127.5.0.2:6443',
      network: 'private',
      members: [
        member('etcd', 'a'),
        member('etcd', 'b', true),
        member('etcd', 'c'),
        member('kube-apiserver', 'a'),
        member('kube-apiserver', 'b'),
      ],
      waits: [],
      tokensValidUntil: '2026-12-24T00:00:00Z',
      nodeGroups: [],
    },
  ],
  certificates: [
    { of: 'cluster demo', nextExpiry: '2027-11-24T00:00:00Z', authorityExpiry: '2036-11-23T00:00:00Z' },
    { of: 'the EKS API', nextExpiry: '2027-11-25T00:00:00Z' },
    { of: 'the home', nextExpiry: '2027-11-26T00:00:00Z', authorityExpiry: '2036-11-22T00:00:00Z' },
  ],
}

test('when all is well, one screen shows who serves, who acts and who leads', () => {
  expect(
    renderStatus(well),
  ).toBe(`Evenkeel  region local-1  account 123456789012  EKS API http://127.0.0.1:8080  state /home/ann/.evenkeel

service         Ready  service running for 1 min 1 s, pid 7
home            Ready  etcd-a running for 2 h, pid 8, kube-apiserver-a running for 2 h, pid 9
keepers         Ready  b acts, a, c stand by
authenticators  Ready  a, b
zones           Ready  a up, b up, c up, region up

CLUSTER  STATUS  KUBERNETES  ETCD    ENDPOINT                NETWORK  READY             LEADERS
demo     ACTIVE  v1.37.2     v3.7.3  https://127.5.0.2:6443  private  etcd 3/3 api 2/2  etcd b

tokens        verified until 2026-12-24 even with service and home dead
certificates  next expiry 2027-11-24 (cluster demo), renewed before by the keepers
authorities   next expiry 2036-11-22 (the home)
`)
  expect(isWell(well)).toBe(true)
})

test('when service, home and a zone are dead, it says what is dead and shows what runs', () => {
  const dead: StatusSnapshot = {
    ...well,
    trees: well.trees.map((tree) => ({ ...tree, isUp: tree.place !== 'c' })),
    service: {
      name: 'service',
      place: 'region',
      state: 'starting',
      ready: false,
      problems: ['http://127.0.0.1:8080/readyz does not answer'],
    },
    home: {
      ready: false,
      problems: ['its API server does not answer'],
      members: [{ name: 'etcd-a', place: 'a', state: 'stopped' }],
    },
    keepers: [
      keeper('a', true),
      { ...keeper('c', false), state: 'stopped', ready: false, problems: ['it does not answer'] },
    ],
    clustersFrom: 'host',
    clusters: [
      {
        name: 'demo',
        phase: 'UNKNOWN',
        version: '1.37',
        members: [member('etcd', 'a'), { ...member('etcd', 'c'), state: 'Absent' }],
        waits: [],
        nodeGroups: [],
      },
    ],
    certificates: [],
  }
  expect(renderStatus(dead).split('\n').slice(2)).toEqual([
    'service         NotReady  service starting',
    'home            NotReady  etcd-a stopped',
    'keepers         NotReady  a acts',
    'authenticators  Ready     a, b',
    'zones           NotReady  a up, b up, c DOWN, region up',
    '  ! service: http://127.0.0.1:8080/readyz does not answer',
    '  ! home: its API server does not answer',
    '  ! keeper-c: it does not answer',
    '',
    'CLUSTER  STATUS   KUBERNETES  ETCD  ENDPOINT  NETWORK  READY     LEADERS',
    'demo     UNKNOWN  1.37                                 etcd 1/2',
    '  etcd-c Absent',
    'Neither home nor keeper answers: this is what runs on the machine; leaders and reasons are not known.',
    '',
  ])
  expect(isWell(dead)).toBe(false)
})

test('when clusters are on loopback, it says what they lack and how to have it', () => {
  const clusters = ['old', 'older'].map((name) => ({ ...well.clusters[0]!, name, network: 'loopback' }))
  expect(renderStatus({ ...well, clusters })).toContain(
    'On loopback, without room for nodes: old and older; a new cluster gets a network of its own where Evenkeel runs as root',
  )
  expect(renderStatus(well)).not.toContain('loopback')
})

test('when a cluster waits, it says for what', () => {
  const demo = well.clusters[0]
  if (demo === undefined) throw new Error('the example has a cluster')
  const waiting = {
    ...well,
    clusters: [{ ...demo, phase: 'CREATING', waits: ['ControlPlaneReady: waits for 1 of 2 API servers'] }],
  }
  expect(renderStatus(waiting)).toContain('\n  waits: ControlPlaneReady: waits for 1 of 2 API servers\n')
  expect(isWell(waiting)).toBe(false)
})

test('when a cluster has nodes, each group has a line, and what is not as it should be has one more', () => {
  const demo = well.clusters[0]
  if (demo === undefined) throw new Error('the example has a cluster')
  const node = { zone: 'a', instanceType: 't3.small', releaseVersion: '1.37.2-20261125', ready: true }
  const since = '2026-11-24T11:59:30Z'
  const small: NodeGroupView = {
    name: 'small',
    phase: 'ACTIVE',
    releaseVersion: '1.37.2-20261125',
    desired: 1,
    ready: 1,
    nodes: [{ ...node, name: 'ng-1', state: 'Joined', since }],
    waits: [],
  }
  const shown = (nodeGroups: readonly NodeGroupView[]) => ({ ...well, clusters: [{ ...demo, nodeGroups }] })
  expect(renderStatus(shown([small]))).toContain('\n  node group small  ACTIVE  1/1 Ready  1.37.2-20261125\n\n')
  expect(isWell(shown([small]))).toBe(true)
  const updating: NodeGroupView = {
    ...small,
    name: 'large',
    phase: 'UPDATING',
    newerRelease: '1.37.2-20261201',
    desired: 2,
    nodes: [
      { ...node, name: 'ng-2', state: 'Draining', since, message: 'web/nginx has a budget of 0' },
      { ...node, name: 'ng-3', zone: 'b', state: 'Booting', ready: false, since },
    ],
    waits: ['1 node is to be replaced'],
  }
  expect(renderStatus(shown([updating, small]))).toContain(`
  node group large  UPDATING  1/2 Ready  1.37.2-20261125 (newest: 1.37.2-20261201)
    ng-2  zone a  t3.small  1.37.2-20261125  Ready     Draining for 30 s  web/nginx has a budget of 0
    ng-3  zone b  t3.small  1.37.2-20261125  NotReady  Booting for 30 s
    waits: 1 node is to be replaced
  node group small  ACTIVE    1/1 Ready  1.37.2-20261125
`)
  expect(isWell(shown([updating, small]))).toBe(false)
})

test('when there is no cluster yet, it says how to make one', () => {
  expect(renderStatus({ ...well, clusters: [] })).toContain('no clusters: ./evenkeel cluster create NAME')
})

test('when everything is stopped, it says how to start it and which clusters there are', () => {
  const stopped = { state: 'stopped', ready: false, problems: ['it does not answer'] } as const
  const snapshot: StatusSnapshot = {
    ...well,
    trees: well.trees.map(({ place }) => ({ place, isUp: false })),
    service: { name: 'service', place: 'region', ...stopped },
    home: { ready: false, problems: [], members: [{ name: 'etcd-a', place: 'a', state: 'starting' }] },
    keepers: [{ name: 'keeper-a', place: 'a', acts: false, ...stopped }],
    authenticators: [{ name: 'authenticator-a', place: 'a', state: 'starting' }],
    clustersFrom: 'host',
  }
  expect(renderStatus(snapshot).split('\n').slice(2)).toEqual([
    'Everything is stopped: ./evenkeel up brings it all back.',
    'clusters  demo',
    '',
  ])
  expect(isWell(snapshot)).toBe(false)
})

test('when a disk is all but full, it is the first thing to know, and not well', () => {
  const full = { ...well, scarceDisks: [{ folder: '/home/ann/.evenkeel', freeBytes: 3 * 2 ** 20 }] }
  expect(renderStatus(full)).toContain(
    '  ! disk: 3.0 MiB free in /home/ann/.evenkeel, too little for etcd to write: free some, all goes on by itself\n',
  )
  expect(isWell(full)).toBe(false)
})
