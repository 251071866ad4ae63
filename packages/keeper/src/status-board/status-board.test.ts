import { CLUSTERS, type Cluster, type ClusterStatus } from '@evenkeel/contract/kinds'
import { Informer, type KubeClient, ReconcileLoop, systemClock } from '@evenkeel/kernel'
import { FakeHome, waitFor } from '@evenkeel/kernel/testing'
import { describe, expect, it } from 'vitest'
import { controlPlaneConditions } from '../control-plane/conditions.ts'
import { controlPlaneStatus, type StatusDraft, withTimes } from '../control-plane/status.ts'
import { clusterObject } from '../testing/keeper-world.ts'
import { NOW_MS, settled, withSilent } from '../testing/snapshots.ts'
import { planStatus } from './plan.ts'
import { StatusBoard } from './status-board.ts'

const OBJECT = { namespace: 'account-000000000001', name: 'web' }

function draftOf(snapshot = settled()) {
  return controlPlaneStatus(snapshot, controlPlaneConditions(snapshot, []))
}

describe('planStatus', () => {
  const draft = draftOf()
  const base = { draft, nowMs: NOW_MS, writtenMs: undefined as number | undefined }
  const plan = ({ draft, nowMs, shown, writtenMs }: typeof base & { readonly shown: Cluster['status'] | undefined }) =>
    planStatus({ key: 'abc', object: OBJECT, nowMs, desired: withTimes(draft, shown, nowMs), shown, writtenMs })
  const [first] = plan({ ...base, shown: undefined }).steps
  const shown = first?.patch['status'] as Cluster['status']

  it('when nothing is shown, it writes everything', () => {
    expect(shown).toMatchObject({ phase: 'ACTIVE', id: 'abc' })
  })

  it('when the same is shown, it writes nothing, whatever the time and the order of members', () => {
    const shuffled = Object.fromEntries(Object.entries(shown ?? {}).reverse())
    expect(plan({ ...base, shown: shuffled, nowMs: NOW_MS + 60_000 }).steps).toEqual([])
  })

  it('when something is no longer so, it takes it away', () => {
    const { endpoint: _gone, ...rest } = draft
    const [step] = plan({ ...base, draft: rest, shown }).steps
    expect(step?.patch['status']).toMatchObject({ endpoint: null })
  })

  it('when states of members follow each other closely, it gathers them, but never holds back a phase', () => {
    const next = draftOf(withSilent(settled(), 'etcd-a'))
    const soon = { ...base, draft: next, shown, nowMs: NOW_MS + 100, writtenMs: NOW_MS }
    expect(plan(soon)).toEqual({ steps: [], notes: [], wakeAfterMs: 400 })
    expect(plan({ ...soon, nowMs: NOW_MS + 500 }).steps).toHaveLength(1)
    expect(plan({ ...soon, draft: { ...next, phase: 'DELETING' } }).steps).toHaveLength(1)
  })

  it('when a status changes, only the condition that has changed gets a new time', () => {
    const draft = draftOf(withSilent(settled(), 'kube-apiserver-a'))
    const [step] = plan({ ...base, draft, shown, nowMs: NOW_MS + 60_000 }).steps
    const status = step?.patch['status'] as Cluster['status']
    const moved = (status?.conditions ?? []).filter(
      ({ lastTransitionTime }) => lastTransitionTime === '2026-11-24T13:01:00Z',
    )
    expect(moved.map(({ type }) => type)).toEqual(['ApiServersReady'])
  })
})

function boardOf(client: KubeClient, get: (key: string) => Cluster | undefined) {
  return new StatusBoard<ClusterStatus, StatusDraft>({
    name: 'control-plane.status',
    resource: CLUSTERS,
    client,
    clock: systemClock,
    get,
    complete: withTimes,
  })
}

describe('StatusBoard', () => {
  it('when the home is away, it tells it later; when nothing changes, it writes once', async () => {
    await using home = await FakeHome.start()
    const client = home.client()
    const { metadata, ...rest } = clusterObject({ name: 'web' })
    const made = await client.create<Cluster>(CLUSTERS, {
      ...rest,
      metadata: { ...OBJECT, finalizers: metadata.finalizers ?? [] },
    })
    const informer = new Informer<Cluster>({ client, resource: CLUSTERS })
    const abort = new AbortController()
    const running = informer.run(abort.signal)
    await informer.waitForSync(abort.signal)
    const board = boardOf(client, (key) => informer.getByKey(key))
    const loop = new ReconcileLoop({ reconciler: board.reconciler() })
    board.post('abc', { object: OBJECT, uid: made.metadata.uid ?? '', draft: draftOf() })

    home.refuseWrites({ status: 503, reason: 'ServiceUnavailable', message: 'no leader' })
    expect((await loop.turn('abc')).outcome).toBe('refused')
    home.refuseWrites(undefined)
    const before = home.writes.length
    expect((await loop.turn('abc')).outcome).toBe('applied')
    expect((await loop.turn('abc')).outcome).toBe('settled')
    await waitFor(() => informer.get(OBJECT.namespace, OBJECT.name)?.status?.phase === 'ACTIVE', { what: 'the status' })
    expect((await loop.turn('abc')).outcome).toBe('settled')
    expect(home.writes.length).toBe(before + 1)

    board.post('abc', { object: OBJECT, uid: 'another object of this name', draft: draftOf() })
    expect((await loop.turn('abc')).outcome).toBe('gone')
    abort.abort()
    await running
  })

  it('when the informer has seen the first of two writes alone, the second is not repeated', async () => {
    await using home = await FakeHome.start()
    const client = home.client()
    const { metadata: _, ...rest } = clusterObject({ name: 'web' })
    let seen = await client.create<Cluster>(CLUSTERS, { ...rest, metadata: OBJECT })
    const board = boardOf(client, () => seen)
    const loop = new ReconcileLoop({ reconciler: board.reconciler() })
    const tell = async (phase: 'CREATING' | 'ACTIVE') => {
      board.post('abc', { object: OBJECT, uid: seen.metadata.uid ?? '', draft: { ...draftOf(), phase } })
      return (await loop.turn('abc')).outcome
    }
    expect(await tell('CREATING')).toBe('applied')
    const afterFirst = await client.get<Cluster>(CLUSTERS, OBJECT)
    expect(await tell('ACTIVE')).toBe('applied')
    seen = afterFirst
    expect((await loop.turn('abc')).outcome).toBe('settled')
  })
})
