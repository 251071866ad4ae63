import { describe, expect, it } from 'vitest'
import {
  hostedIntent,
  NOW_MS,
  PRIVATE,
  settled,
  withInstances,
  withLeader,
  withLeaving,
  withSilent,
} from '../testing/snapshots.ts'
import { clusterObjects } from './components/index.ts'
import { planControlPlane } from './plan.ts'
import { type ControlPlaneSnapshot, CREATE_DEADLINE_MS } from './snapshot.ts'
import { type Step, subjectOf } from './steps.ts'

/** Steps as `kind subject`. */
function steps(snapshot: ControlPlaneSnapshot): string[] {
  return planControlPlane(snapshot).steps.map(
    (step: Step) => `${step.kind} ${subjectOf(step)}${step.kind === 'RecordOutcome' ? ` ${step.outcome.result}` : ''}`,
  )
}

function notes(snapshot: ControlPlaneSnapshot): string[] {
  return planControlPlane(snapshot).notes.map((note) => `${note.kind} ${note.reason}: ${note.detail}`)
}

const drifted = { runningDigest: 'old' }
const lost = { state: 'unsupervised' as const }
const unmade: Partial<ControlPlaneSnapshot> = {
  outcome: undefined,
  release: undefined,
  caCertificate: undefined,
  leaves: undefined,
  network: undefined,
  desired: undefined,
  observedVolumes: [],
  observedInstances: [],
  observedEndpoint: { cluster: 'abc', balancers: [] },
  probes: undefined,
  admitted: false,
}
/** Five seconds after it was accepted. */
const CREATING_MS = Date.parse('2026-11-24T12:00:05Z')
const creating = (change: Partial<ControlPlaneSnapshot> = {}) =>
  settled({ outcome: undefined, nowMs: CREATING_MS, ...change })

/** What keepers keep in a cluster with nodes. */
const withObjects = (snapshot: ControlPlaneSnapshot, areThere: boolean): ControlPlaneSnapshot => ({
  ...snapshot,
  network: PRIVATE,
  desired: snapshot.desired && { ...snapshot.desired, objects: clusterObjects(PRIVATE) },
  probes: snapshot.probes && { ...snapshot.probes, objects: areThere },
})

describe('a control plane with a network of its own', () => {
  it('when the network is lost, it is put back after everything else, which does not wait for it', () => {
    const lossy = withInstances(settled({ network: PRIVATE, networkPresent: false }), { 'etcd-b': 'absent' })
    expect(steps(lossy)).toEqual(['EnsureInstance etcd-b', 'EnsureNetwork abc'])
  })

  it('when it is created, its network comes before whatever runs in it', () => {
    const first = creating({ network: PRIVATE, networkPresent: false, observedInstances: [], probes: undefined })
    expect(steps(first)[0]).toBe('EnsureNetwork abc')
  })

  it('when the machine does not let it, that is told until it does', () => {
    const refusals = [{ step: 'EnsureNetwork', subject: 'abc', code: 'NotReady' as const, message: 'no nft' }]
    const refused = settled({ network: PRIVATE, networkPresent: false, refusals })
    expect(notes(refused)).toEqual(['blocked Refused: no nft'])
    expect(notes({ ...refused, networkPresent: true })).toEqual([])
  })

  it('when objects that it is to hold are missing, they are written, once it answers', () => {
    expect(steps(withObjects(settled(), true))).toEqual([])
    const missing = withObjects(settled(), false)
    expect(steps(missing)).toEqual(['WriteObjects abc'])
    expect(steps({ ...missing, probes: { ...missing.probes!, endpoint: { ready: false } } })).toEqual([])
  })

  it('when it is created, it is not ACTIVE before it holds them', () => {
    expect(steps(withObjects(creating(), false))).toEqual(['WriteObjects abc'])
    expect(steps(withObjects(creating(), true))).toEqual(['RecordOutcome abc active'])
  })
})

describe('an active control plane', () => {
  it.each<[string, ControlPlaneSnapshot, string[]]>([
    ['everything is as it should be', settled(), []],
    ['a program is not there', withInstances(settled(), { 'etcd-b': 'absent' }), ['EnsureInstance etcd-b']],
    [
      'several programs are not there, whatever the others do',
      withSilent(withInstances(settled(), { 'etcd-b': 'absent', 'kube-apiserver-a': 'absent' }), 'etcd-c'),
      ['EnsureInstance etcd-b', 'EnsureInstance kube-apiserver-a'],
    ],
    ['a program was stopped', withInstances(settled(), { 'etcd-b': { state: 'stopped' } }), ['EnsureInstance etcd-b']],
    [
      'a program was asked for and does not start, it is asked for again',
      withInstances(settled(), { 'etcd-b': { state: 'starting' } }),
      ['EnsureInstance etcd-b'],
    ],
    [
      'a program was asked for a moment ago, it is given time',
      withInstances(settled({ instancesEnsuredMs: new Map([['etcd-b', NOW_MS - 2000]]) }), {
        'etcd-b': { state: 'starting' },
      }),
      [],
    ],
    [
      'another spec is written down',
      withInstances(settled(), { 'kube-scheduler-a': { writtenDigest: 'old', runningDigest: 'old' } }),
      ['EnsureInstance kube-scheduler-a'],
    ],
    [
      'a file that is reloaded differs',
      withInstances(settled(), { 'etcd-a': { filesDigest: 'old' } }),
      ['EnsureInstance etcd-a'],
    ],
    [
      'the balancers differ from each other',
      settled({ observedEndpoint: { cluster: 'abc', balancers: [{ name: 'endpoint-1', state: 'running' }] } }),
      ['EnsureEndpoint abc'],
    ],
    [
      'the endpoint was asked for a moment ago, it waits',
      settled({
        observedEndpoint: { cluster: 'abc', balancers: [{ name: 'endpoint-1', state: 'starting' }] },
        endpointEnsuredMs: NOW_MS - 300,
      }),
      [],
    ],
    [
      'a program is left that nobody wants',
      settled({
        observedInstances: [
          ...settled().observedInstances,
          { ...settled().observedInstances[0]!, name: 'konnectivity-a', component: 'konnectivity' },
        ],
      }),
      ['RemoveInstance konnectivity-a'],
    ],
    [
      'certificates are due',
      settled({ leaves: { due: true, nextExpiry: '2026-12-01T00:00:00Z', authoritiesEnd: '2036-11-24T00:00:00Z' } }),
      ['RecordLeaves abc'],
    ],
    [
      'a volume is gone, it is not made anew and its member not started',
      withInstances(settled({ observedVolumes: settled().observedVolumes.slice(1) }), { 'etcd-a': 'absent' }),
      [],
    ],
    [
      'binaries are gone, it asks for them and leaves what runs alone',
      withInstances(settled({ programs: { state: 'absent' } }), { 'etcd-b': { writtenDigest: 'old' } }),
      ['RequestPrograms abc'],
    ],
    ['binaries do not come', settled({ programs: { state: 'failed', detail: 'no network' } }), []],
    ['the version is no longer offered', settled({ offered: undefined }), []],
  ])('when %s', (_when, given, expected) => {
    expect(steps(given)).toEqual(expected)
  })

  it('when a volume is gone, it says which and that it waits for it', () => {
    expect(notes(settled({ observedVolumes: settled().observedVolumes.slice(1) }))).toEqual([
      expect.stringMatching(/^blocked VolumeMissing: volume etcd-a is not there/),
    ])
  })

  it('when all is well, it looks again after five to six seconds, else after one', () => {
    const settledMs = planControlPlane(settled()).wakeAfterMs ?? 0
    expect(settledMs).toBeGreaterThanOrEqual(5000)
    expect(settledMs).toBeLessThan(6000)
    expect(planControlPlane(withSilent(settled(), 'etcd-a')).wakeAfterMs).toBe(1000)
  })
})

describe('what was refused', () => {
  const refusals = [{ step: 'EnsureInstance', subject: 'etcd-b', code: 'NotReady' as const, message: 'no supervision' }]
  it('when it is still to be done, it is told; when it has come about otherwise, it holds nothing up', () => {
    const away = withInstances(settled({ refusals }), { 'etcd-b': { writtenDigest: 'old' } })
    expect(planControlPlane(away).notes).toContainEqual({
      kind: 'blocked',
      reason: 'Refused',
      detail: 'no supervision',
    })
    expect(planControlPlane(settled({ refusals })).notes).toEqual([])
  })
})

describe('replacement', () => {
  it.each<[string, ControlPlaneSnapshot, string[]]>([
    ['one member runs an old spec', withInstances(settled(), { 'etcd-b': drifted }), ['RestartInstance etcd-b']],
    [
      'all do, the first zone begins with etcd',
      withInstances(settled(), { 'etcd-c': drifted, 'kube-apiserver-a': drifted, 'etcd-a': drifted }),
      ['RestartInstance etcd-a'],
    ],
    [
      'all do, and the first zone has the leader of etcd, another zone begins',
      withLeader(
        withInstances(settled(), { 'etcd-a': drifted, 'etcd-c': drifted, 'kube-apiserver-a': drifted }),
        'etcd-a',
      ),
      ['RestartInstance etcd-c'],
    ],
    [
      'only the zone with the leader of etcd is left, it goes',
      withLeader(withInstances(settled(), { 'etcd-a': drifted, 'kube-apiserver-a': drifted }), 'etcd-a'),
      ['RestartInstance etcd-a'],
    ],
    [
      'a zone has two, they go one at a time',
      withInstances(settled(), { 'kube-apiserver-b': lost, 'etcd-b': lost }),
      ['RestartInstance etcd-b'],
    ],
    [
      'the API server of a zone does, its controllers go with it, those of the other zone do not',
      withInstances(settled(), {
        'kube-apiserver-a': lost,
        'kube-controller-manager-a': lost,
        'kube-scheduler-a': drifted,
        'kube-scheduler-b': lost,
      }),
      [
        'RestartInstance kube-apiserver-a',
        'RestartInstance kube-controller-manager-a',
        'RestartInstance kube-scheduler-a',
      ],
    ],
    [
      'an etcd hop has changed, the API server behind it goes first',
      withInstances(settled(), { 'etcd-hop-a': drifted, 'etcd-hop-b': drifted }),
      ['RestartInstance kube-apiserver-a'],
    ],
    [
      'an etcd hop has lost its supervisor, the API server behind it goes first',
      withInstances(settled(), { 'etcd-hop-a': lost }),
      ['RestartInstance kube-apiserver-a'],
    ],
    [
      'a hop has lost its supervisor, and so have the API server behind it and its controllers, these go first and together',
      withInstances(settled(), {
        'etcd-hop-a': lost,
        'kube-apiserver-a': lost,
        'kube-controller-manager-a': lost,
        'kube-scheduler-a': lost,
      }),
      [
        'RestartInstance kube-apiserver-a',
        'RestartInstance kube-controller-manager-a',
        'RestartInstance kube-scheduler-a',
      ],
    ],
    [
      'that API server is still leading its clients away, the hop stays',
      {
        ...withSilent(withInstances(settled(), { 'etcd-hop-a': drifted }), 'kube-apiserver-a'),
        restarts: [{ name: 'kube-apiserver-a', pid: 1000, sinceMs: NOW_MS - 20_000 }],
      },
      [],
    ],
    [
      'that API server is young and leaves, and nobody remembers that it was told to, the hop stays',
      withLeaving(
        withInstances(settled(), { 'etcd-hop-a': lost, 'kube-apiserver-a': { ...lost, startedAt: NOW_MS - 30_000 } }),
        'kube-apiserver-a',
      ),
      [],
    ],
    [
      'an API server leaves, and nobody remembers that it was told to, it gets no second signal, which would end it at once',
      withLeaving(withInstances(settled(), { 'kube-apiserver-a': lost }), 'kube-apiserver-a'),
      [],
    ],
    [
      'that API server has just begun again, the hop goes',
      withSilent(
        withInstances(settled(), {
          'etcd-hop-a': drifted,
          'etcd-hop-b': drifted,
          'kube-apiserver-a': { pid: 2000, startedAt: NOW_MS - 1000 },
        }),
        'kube-apiserver-a',
        'kube-scheduler-a',
      ),
      ['RestartInstance etcd-hop-a'],
    ],
    [
      'that API server has just begun again and the other one is away, the hop stays',
      withSilent(
        withInstances(settled(), {
          'etcd-hop-a': drifted,
          'kube-apiserver-a': { pid: 2000, startedAt: NOW_MS - 1000 },
        }),
        'kube-apiserver-a',
        'kube-apiserver-b',
      ),
      [],
    ],
    ['another member is not ready', withSilent(withInstances(settled(), { 'etcd-b': drifted }), 'etcd-a'), []],
    [
      'another member is starting',
      withInstances(settled(), { 'kube-apiserver-a': drifted, 'kube-apiserver-b': { state: 'starting' } }),
      ['EnsureInstance kube-apiserver-b'],
    ],
    [
      'a balancer is starting',
      withInstances(settled(), { 'kube-apiserver-a': drifted, 'endpoint-2': { state: 'starting' } }),
      [],
    ],
    [
      'its spec is not written down yet, that comes first',
      withInstances(settled(), { 'etcd-b': { runningDigest: 'old', writtenDigest: 'old' } }),
      ['EnsureInstance etcd-b'],
    ],
    [
      'it is not known what a supervised program was started with, it is left alone',
      settled({
        observedInstances: settled().observedInstances.map((one) => {
          const { runningDigest: _unknown, ...rest } = one
          return rest
        }),
      }),
      [],
    ],
    [
      'the member itself does not answer, it may go although another one is away',
      withSilent(withInstances(settled(), { 'kube-apiserver-a': drifted }), 'kube-apiserver-a', 'kube-scheduler-b'),
      ['RestartInstance kube-apiserver-a'],
    ],
    [
      'the member has only just begun, it is given time',
      withSilent(
        withInstances(settled(), { 'kube-apiserver-a': { ...drifted, startedAt: NOW_MS - 10_000 } }),
        'kube-apiserver-a',
      ),
      [],
    ],
    [
      'an etcd member does not answer and all others do, it may go',
      withSilent(withInstances(settled(), { 'etcd-a': drifted }), 'etcd-a', 'kube-apiserver-a'),
      ['RestartInstance etcd-a'],
    ],
    [
      'the quorum is lost anyway, an etcd member may go',
      withSilent(withInstances(settled(), { 'etcd-a': drifted }), 'etcd-a', 'etcd-b'),
      ['RestartInstance etcd-a'],
    ],
    [
      'an etcd member that serves wants to go and another one is away',
      withSilent(withInstances(settled(), { 'etcd-a': drifted }), 'etcd-b'),
      [],
    ],
    [
      'a balancer has lost its supervisor',
      withInstances(settled(), { 'endpoint-1': lost }),
      ['RestartInstance endpoint-1'],
    ],
    [
      'a balancer has lost its supervisor, and the other one has only just begun',
      withInstances(settled(), { 'endpoint-1': lost, 'endpoint-2': { startedAt: NOW_MS - 1000 } }),
      [],
    ],
    [
      'a restart is under way',
      {
        ...withInstances(settled(), { 'etcd-a': drifted, 'etcd-b': drifted }),
        restarts: [{ name: 'etcd-a', pid: 1000, sinceMs: NOW_MS - 3000 }],
      },
      [],
    ],
    [
      'a restart has not happened in time, it is asked for again',
      {
        ...withInstances(settled(), { 'etcd-a': drifted }),
        restarts: [{ name: 'etcd-a', pid: 1000, sinceMs: NOW_MS - 60_000 }],
      },
      ['RestartInstance etcd-a'],
    ],
  ])('when %s', (_when, given, expected) => {
    expect(steps(given)).toEqual(expected)
  })

  it('when somebody is away, it says who waits for whom', () => {
    expect(notes(withSilent(withInstances(settled(), { 'etcd-b': drifted }), 'etcd-a'))).toEqual([
      'waiting Replacing: to be restarted in turn: etcd-b; etcd-a must be ready before that',
    ])
  })
})

const CONTROLLERS = ['kube-controller-manager', 'kube-scheduler']

describe('a control plane that is created', () => {
  const late = { effort: { workedMs: CREATE_DEADLINE_MS, at: new Date(CREATING_MS).toISOString() } }
  it.each<[string, ControlPlaneSnapshot, string[]]>([
    ['nothing is there', creating(unmade), ['RecordRelease abc', 'AddKeys abc', 'ClaimNetwork abc']],
    [
      'certificates are missing',
      creating({ ...unmade, ...pick('release', 'caCertificate', 'network') }),
      ['RecordLeaves abc'],
    ],
    [
      'all is decided, everything starts at once',
      creating({
        ...unmade,
        ...pick('release', 'caCertificate', 'network', 'leaves', 'desired'),
      }),
      [
        'EnsureVolume etcd-a',
        'EnsureVolume etcd-b',
        'EnsureVolume etcd-c',
        ...settled()
          .desired!.instances.filter(({ component }) => !CONTROLLERS.includes(component))
          .map(({ name }) => `EnsureInstance ${name}`),
        'EnsureEndpoint abc',
      ],
    ],
    [
      'the API server of a zone is ready, the controllers of that zone follow',
      withSilent(
        creating({
          observedInstances: settled().observedInstances.filter(({ component }) => !CONTROLLERS.includes(component)),
        }),
        'kube-apiserver-b',
      ),
      ['EnsureInstance kube-controller-manager-a', 'EnsureInstance kube-scheduler-a'],
    ],
    ['all has been seen to work', creating(), ['RecordOutcome abc active']],
    ['one member is not ready', withSilent(creating(), 'kube-scheduler-b'), []],
    ['the endpoint does not answer', creating({ probes: { ...settled().probes!, endpoint: { ready: false } } }), []],
    ['no service account is there', creating({ probes: { ...settled().probes!, defaultServiceAccount: false } }), []],
    ['no token was verified', creating({ probes: { ...settled().probes!, token: { ready: false } } }), []],
    ['it is late and all works', creating(late), ['RecordOutcome abc active']],
    ['it is late and a member is away', withSilent(creating(late), 'etcd-a'), ['RecordOutcome abc failed']],
    ['it is late and nothing is there', creating({ ...unmade, ...late }), ['RecordOutcome abc failed']],
    [
      'the disk is full',
      creating({
        ...unmade,
        refusals: [{ step: 'EnsureVolume', subject: 'etcd-a', code: 'NoSpace', message: 'full' }],
      }),
      ['RecordOutcome abc failed'],
    ],
    [
      'no address is left',
      creating({
        ...unmade,
        refusals: [{ step: 'ClaimNetwork', subject: 'abc', code: 'NoCapacity', message: 'none' }],
      }),
      ['RecordOutcome abc failed'],
    ],
    ['the version is not offered', creating({ ...unmade, offered: undefined }), ['RecordOutcome abc failed']],
    [
      'a volume vanishes under a member that was started, it makes no second one',
      withSilent(creating({ observedVolumes: settled().observedVolumes.slice(1) }), 'etcd-a'),
      [],
    ],
  ])('when %s', (_when, given, expected) => {
    expect(steps(given)).toEqual(expected)
  })

  it('when it waits, it looks again within 200 ms and says for what', () => {
    const given = withSilent(creating(), 'etcd-a', 'kube-apiserver-b')
    expect(planControlPlane(given).wakeAfterMs).toBeLessThanOrEqual(200)
    expect(notes(given)).toEqual(['waiting Creating: waiting for etcd-a, kube-apiserver-b'])
  })

  it('when the endpoint leads nowhere yet, it leaves the processor to what starts', () => {
    const given = creating({ probes: { ...settled().probes!, endpoint: { ready: false } } })
    expect(planControlPlane(given).wakeAfterMs).toBe(250)
  })

  it('when half a minute has been spent, it writes that down before anything else', () => {
    const nowMs = CREATING_MS + 31_000
    const [first] = planControlPlane(
      withSilent(withInstances(creating({ nowMs }), { 'etcd-a': 'absent' }), 'etcd-a'),
    ).steps
    expect(first).toMatchObject({
      kind: 'RecordEffort',
      effort: { workedMs: 36_000, at: new Date(nowMs).toISOString() },
    })
  })

  it('when no keeper could work for hours, they do not count', () => {
    const { effort } = late
    const almost = { ...effort, workedMs: effort.workedMs - 120_000 }
    const nowMs = CREATING_MS + 5 * 3_600_000
    expect(steps(withSilent(creating({ effort: almost, nowMs }), 'etcd-a'))).toEqual(['RecordEffort abc'])
  })

  it('when the clock was set back, the time that is on record stays, and counting goes on from the new time', () => {
    const nowMs = CREATING_MS - 3_600_000
    const [first] = planControlPlane(
      withSilent(creating({ nowMs, effort: { ...late.effort, workedMs: 1000 } }), 'etcd-a'),
    ).steps
    expect(first).toMatchObject({ kind: 'RecordEffort', effort: { workedMs: 1000, at: new Date(nowMs).toISOString() } })
  })

  it('when it was late, the failure says for what it waited', () => {
    const [step] = planControlPlane(withSilent(creating(late), 'etcd-a')).steps
    expect(step).toMatchObject({
      outcome: { result: 'failed', code: 'InternalFailure', message: expect.stringContaining('etcd-a') },
    })
  })
})

describe('the home', () => {
  const intent = { kind: 'home' as const, version: '1.37', acceptedAt: '2026-11-24T12:00:00Z' }
  const home = (change: Partial<ControlPlaneSnapshot> = {}) => settled({ intent, outcome: undefined, ...change })
  it.each<[string, ControlPlaneSnapshot, string[]]>([
    ['all is there', home(), ['RecordOutcome abc active']],
    [
      'kubeconfigs and rights are missing',
      home({ homeAccess: { filesWritten: false, rightsGranted: false } }),
      ['WriteHomeAccess abc', 'GrantHomeRights abc'],
    ],
    [
      'it does not answer yet, rights wait',
      home({
        homeAccess: { filesWritten: false, rightsGranted: false },
        probes: { ...settled().probes!, endpoint: { ready: false } },
      }),
      ['WriteHomeAccess abc'],
    ],
    [
      'it takes longer than any create may',
      withSilent(home({ nowMs: NOW_MS + 10 * CREATE_DEADLINE_MS }), 'etcd-a'),
      [],
    ],
    [
      'the disk is full, it is tried for ever',
      withSilent(
        home({ refusals: [{ step: 'EnsureVolume', subject: 'etcd-a', code: 'NoSpace', message: 'full' }] }),
        'etcd-a',
      ),
      [],
    ],
  ])('when %s', (_when, given, expected) => {
    expect(steps(given)).toEqual(expected)
  })
})

describe('a control plane that is deleted', () => {
  const intent = hostedIntent({ deleting: true })
  const gone = { observedInstances: [], observedEndpoint: { cluster: 'abc', balancers: [] } }
  it.each<[string, ControlPlaneSnapshot, string[]]>([
    [
      'all runs, everything ends at once',
      settled({ intent }),
      [...settled().desired!.instances.map((spec) => `RemoveInstance ${spec.name}`), 'RemoveEndpoint abc'],
    ],
    [
      'only balancers are left',
      settled({ intent, ...gone, observedInstances: settled().observedInstances.slice(-2) }),
      ['RemoveEndpoint abc'],
    ],
    ['node groups are still there, nothing ends', settled({ intent, nodeGroups: ['workers'] }), []],
    ['machines are left of nobody', settled({ intent, machines: ['ng-1'] }), ['RemoveMachine ng-1']],
    ['programs are gone', settled({ intent, ...gone }), ['RemoveVolumes abc', 'ReleaseNetwork abc']],
    ['volumes are gone', settled({ intent, ...gone, observedVolumes: [] }), ['ReleaseNetwork abc']],
    ['authenticators still know it', settled({ intent, ...gone, observedVolumes: [], network: undefined }), []],
    [
      'nothing but records is left',
      settled({ intent, ...gone, observedVolumes: [], network: undefined, admitted: false }),
      ['RemoveVolumes abc', 'RemoveRecords abc'],
    ],
    [
      'its create had failed',
      settled({ intent, outcome: { result: 'failed', at: '', code: 'Other', message: '' }, ...gone }),
      ['RemoveVolumes abc', 'ReleaseNetwork abc'],
    ],
    ['nothing was ever made', settled({ intent, ...unmade }), ['RemoveVolumes abc', 'RemoveRecords abc']],
  ])('when %s', (_when, given, expected) => {
    expect(steps(given)).toEqual(expected)
  })
})

describe('a control plane whose create has failed', () => {
  const outcome = { result: 'failed' as const, at: '', code: 'Other', message: 'late' }
  it('when programs run, it stops them and removes nothing but the balancers', () => {
    const given = steps(settled({ outcome }))
    expect(given.filter((step) => step.startsWith('StopInstance'))).toHaveLength(11)
    expect(given.filter((step) => !step.startsWith('StopInstance'))).toEqual(['RemoveEndpoint abc'])
  })

  it('when all are stopped, it does nothing', () => {
    const observedInstances = settled()
      .observedInstances.filter((one) => one.component !== 'endpoint')
      .map((one) => ({ ...one, state: 'stopped' as const }))
    expect(steps(settled({ outcome, observedInstances, observedEndpoint: { cluster: 'abc', balancers: [] } }))).toEqual(
      [],
    )
  })
})

function pick<Key extends keyof ControlPlaneSnapshot>(...keys: readonly Key[]): Pick<ControlPlaneSnapshot, Key> {
  const from = settled()
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<ControlPlaneSnapshot, Key>
}
