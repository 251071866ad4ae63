import { describe, expect, it } from 'vitest'
import { hostedIntent, NOW_MS, PRIVATE, settled, withInstances, withSilent } from '../testing/snapshots.ts'
import { controlPlaneConditions } from './conditions.ts'
import { planControlPlane } from './plan.ts'
import type { ControlPlaneSnapshot } from './snapshot.ts'

/** `Type=Status Reason` of what is not simply True, the summary always. */
function said(snapshot: ControlPlaneSnapshot): string[] {
  return conditions(snapshot)
    .filter(({ type, status }) => status !== 'True' || type === 'ControlPlaneReady')
    .map(({ type, status, reason }) => `${type}=${status} ${reason}`)
}

function conditions(snapshot: ControlPlaneSnapshot) {
  return controlPlaneConditions(snapshot, planControlPlane(snapshot).notes)
}

function message(snapshot: ControlPlaneSnapshot, type: string): string | undefined {
  return conditions(snapshot).find((condition) => condition.type === type)?.message
}

const silentEndpoint = { ...settled().probes!, endpoint: { ready: false } }
const unverified = { ...settled().probes!, token: { ready: false, detail: '401 from 127.0.0.1' } }

describe('controlPlaneConditions', () => {
  it.each<[string, ControlPlaneSnapshot, string[]]>([
    ['all is well', settled(), ['ControlPlaneReady=True Serving']],
    ['one etcd member is away', withSilent(settled(), 'etcd-b'), ['ControlPlaneReady=True ServingDegraded']],
    [
      'two are',
      withSilent(settled(), 'etcd-a', 'etcd-b'),
      ['EtcdQuorate=False QuorumLost', 'ControlPlaneReady=False QuorumLost'],
    ],
    [
      'one API server is away',
      withSilent(settled(), 'kube-apiserver-a'),
      ['ApiServersReady=False SomeNotReady', 'ControlPlaneReady=True ServingDegraded'],
    ],
    [
      'a program is not there at all',
      withInstances(settled(), { 'kube-scheduler-a': 'absent' }),
      ['ControllersReady=False SomeNotReady', 'ControlPlaneReady=True ServingDegraded'],
    ],
    [
      'the endpoint does not answer',
      settled({ probes: silentEndpoint }),
      ['EndpointReady=False NoAnswer', 'ControlPlaneReady=False NoAnswer'],
    ],
    [
      'tokens are not verified',
      settled({ probes: unverified }),
      ['TokensVerified=False NotVerified', 'ControlPlaneReady=False NotVerified'],
    ],
    [
      'a certificate has expired',
      settled({ leaves: { due: true, nextExpiry: '2026-11-24T12:59:59Z', authoritiesEnd: '2036-11-24T00:00:00Z' } }),
      ['CertificatesCurrent=False Expired', 'ControlPlaneReady=False Expired'],
    ],
    [
      'certificates are due',
      settled({ leaves: { due: true, nextExpiry: '2026-12-01T00:00:00Z', authoritiesEnd: '2036-11-24T00:00:00Z' } }),
      ['ControlPlaneReady=True Serving'],
    ],
    [
      'a volume is gone',
      settled({ observedVolumes: settled().observedVolumes.slice(1) }),
      ['VolumesPresent=False VolumeMissing', 'ControlPlaneReady=True ServingDegraded'],
    ],
    [
      'its disk is below the floor',
      settled({ isBelowFloor: true }),
      ['VolumesHaveRoom=False BelowFloor', 'ControlPlaneReady=True ServingDegraded'],
    ],
    [
      'it is being deleted',
      settled({ intent: hostedIntent({ deleting: true }) }),
      ['ControlPlaneReady=False Deleting'],
    ],
    [
      'its create has failed',
      settled({ outcome: { result: 'failed', at: '', code: 'Other', message: 'disk full' } }),
      ['ControlPlaneReady=False CreateFailed'],
    ],
    [
      'its create has failed, and nobody is asked any more',
      settled({
        outcome: { result: 'failed', at: '', code: 'Other', message: 'disk full' },
        desired: undefined,
        leaves: undefined,
        probes: undefined,
      }),
      [
        'EtcdQuorate=Unknown CreateFailed',
        'ApiServersReady=Unknown CreateFailed',
        'ControllersReady=Unknown CreateFailed',
        'EndpointReady=Unknown CreateFailed',
        'TokensVerified=Unknown CreateFailed',
        'CertificatesCurrent=Unknown CreateFailed',
        'VolumesPresent=Unknown CreateFailed',
        'ControlPlaneReady=False CreateFailed',
      ],
    ],
    [
      'nothing is there yet',
      settled({
        outcome: undefined,
        desired: undefined,
        leaves: undefined,
        probes: undefined,
        nowMs: Date.parse('2026-11-24T12:00:01Z'),
      }),
      [
        'EtcdQuorate=Unknown NotAsked',
        'ApiServersReady=Unknown NotAsked',
        'ControllersReady=Unknown NotAsked',
        'EndpointReady=Unknown NotAsked',
        'TokensVerified=Unknown NotAsked',
        'CertificatesCurrent=Unknown NotIssued',
        'VolumesPresent=Unknown NotAsked',
        'ControlPlaneReady=False Creating',
      ],
    ],
  ])('when %s', (_when, given, expected) => {
    expect(said(given)).toEqual(expected)
  })

  it('when somebody is away, messages name who', () => {
    expect(message(withSilent(settled(), 'etcd-b'), 'EtcdQuorate')).toBe('etcd has its quorum; not healthy: etcd-b')
    const given = withSilent(withInstances(settled(), { 'etcd-a': { runningDigest: 'old' } }), 'etcd-b')
    expect(message(given, 'ControlPlaneReady')).toContain('etcd-b must be ready before that')
  })

  it('when nobody is asked, messages say why: not yet, not now, or never again', () => {
    const said = (change: Partial<ControlPlaneSnapshot>) =>
      message(settled({ probes: undefined, ...change }), 'EtcdQuorate')
    expect(said({ outcome: undefined })).toBe('nothing has been asked yet')
    expect(said({})).toBe('no program runs that could be asked')
    expect(said({ intent: hostedIntent({ deleting: true }) })).toBe('not asked any more: the cluster is being deleted')
    const outcome = { result: 'failed', at: '', code: 'Other', message: 'still waiting for etcd-a' } as const
    expect(said({ outcome })).toBe('not asked any more: the create has failed (still waiting for etcd-a)')
  })

  it('when its create has failed for want of space, the refusal is told as long as the verdict is', () => {
    const outcome = { result: 'failed', at: '', code: 'ResourceLimitExceeded', message: 'disk full' } as const
    const refusals = [{ step: 'EnsureVolume', subject: 'etcd-a', code: 'NoSpace', message: 'disk full' }] as const
    const snapshot = settled({ outcome, observedVolumes: [], probes: undefined })
    expect(conditions({ ...snapshot, refusals })).toEqual(conditions(snapshot))
  })

  it('when its authorities end within the year, it says so while all is well', () => {
    const leaves = { due: false, nextExpiry: '2027-08-01T00:00:00Z', authoritiesEnd: '2027-08-01T00:00:00Z' }
    expect(message(settled({ leaves }), 'CertificatesCurrent')).toContain('authorities end at 2027-08-01T00:00:00Z')
    expect(said(settled({ leaves }))).toEqual(['ControlPlaneReady=True Serving'])
  })

  it('when only the words of a failed probe change, nothing changes', () => {
    const other = { ...unverified, token: { ready: false, detail: 'socket hang up after 1234 ms' } }
    expect(conditions(settled({ probes: other, nowMs: NOW_MS + 5000 }))).toEqual(
      conditions(settled({ probes: unverified })),
    )
  })

  it('when its network is its own, it says whether that is there; of loopback there is nothing to say', () => {
    const of = (change: Partial<ControlPlaneSnapshot>) =>
      controlPlaneConditions(settled(change), []).find(({ type }) => type === 'NetworkPresent')
    expect(of({})).toBeUndefined()
    expect(of({ network: PRIVATE })).toMatchObject({ status: 'True' })
    expect(of({ network: PRIVATE, networkPresent: false })).toMatchObject({ status: 'False', reason: 'NetworkMissing' })
    const refusals = [{ step: 'EnsureNetwork', subject: 'abc', code: 'NotReady' as const, message: 'no nft' }]
    expect(of({ network: PRIVATE, networkPresent: false, refusals })).toMatchObject({
      status: 'False',
      reason: 'Refused',
      message: 'no nft',
    })
  })

  it('when it is the home, it has no controllers and verifies no tokens', () => {
    const intent = { kind: 'home' as const, version: '1.37', acceptedAt: '2026-11-24T12:00:00Z' }
    const types = conditions(settled({ intent })).map(({ type }) => type)
    expect(types).not.toContain('ControllersReady')
    expect(types).not.toContain('TokensVerified')
  })
})
