import { clusterToken, parseClusterToken, verifyClusterToken } from '@evenkeel/contract/sigv4'
import { ReconcileLoop } from '@evenkeel/kernel'
import { FakeClock } from '@evenkeel/kernel/testing'
import { SimulatedSubstrate, simulatedNetworkPlan } from '@evenkeel/substrate-simulated'
import { describe, expect, it } from 'vitest'
import { RECORD, RenderedBlueprint } from '../control-plane/index.ts'
import { INTENT_RECORD, serializeIntent } from '../intent/index.ts'
import { hostedIntent } from '../testing/snapshots.ts'
import type { AuthenticatorFolder } from './folder.ts'
import { AdmissionView, admittedClusters, clusterAccessReconciler } from './index.ts'

const REGION = 'local-1'
const PROBE_KEY = { accessKeyId: 'EVKP0123456789ABCDEF', secretAccessKey: 'x'.repeat(40) }

class FakeFolder implements AuthenticatorFolder {
  readonly files = new Map<string, string>()
  read = async (file: string) => this.files.get(file)
  write = async (file: string, content: string) => void this.files.set(file, content)
  remove = async (file: string) => void this.files.delete(file)
  list = async () => [...this.files.keys()]
}

async function rig(change: Parameters<typeof hostedIntent>[0] = {}) {
  const clock = new FakeClock()
  const substrate = new SimulatedSubstrate({ clock })
  const folder = new FakeFolder()
  const { records, zones } = substrate
  const changed: string[] = []
  const ports = { records, folder, clock, region: REGION, changed: (id: string) => void changed.push(id) }
  const intent = hostedIntent(change)
  await records.write('abc', INTENT_RECORD, serializeIntent(intent))
  const blueprint = new RenderedBlueprint({
    layout: (id) => substrate.instances.layout(id),
    authenticatorUrls: { a: 'https://a', b: 'https://b' },
  })
  const keys = await blueprint.makeKeys({ id: 'abc', nowMs: clock.now() })
  const topology = { etcdZones: ['a', 'b', 'c'], apiServerZones: ['a', 'b'] }
  const input = { id: 'abc', intent, topology, network: simulatedNetworkPlan('abc', zones), keys }
  const admit = async () => {
    await records.write('abc', RECORD.keys, keys)
    await records.write('abc', RECORD.probeKey, JSON.stringify(PROBE_KEY))
    await records.write('abc', RECORD.leaves, await blueprint.issueLeaves(input, undefined, clock.now()))
  }
  const turn = () => new ReconcileLoop({ reconciler: clusterAccessReconciler(ports) }).turn('abc')
  const document = () => JSON.parse(folder.files.get('clusters/abc.json') ?? 'null') as Record<string, unknown> | null
  return { ...ports, changed, intent, admit, turn, document }
}

describe('access to a cluster', () => {
  it('when its certificates are on record, the authenticators are told of it, and it settles', async () => {
    const world = await rig()
    expect((await world.turn()).outcome).toBe('settled')
    expect(world.document()).toBeNull()
    await world.admit()
    await world.turn()
    expect(world.document()).toMatchObject({
      id: 'abc',
      name: 'web',
      region: REGION,
      serving: {
        certificate: expect.stringContaining('BEGIN CERTIFICATE'),
        key: expect.stringContaining('PRIVATE KEY'),
      },
      clientCertificateAuthority: expect.stringContaining('BEGIN CERTIFICATE'),
      entries: [
        {
          principalArn: 'arn:aws:iam::000000000001:user/admin',
          username: 'arn:aws:iam::000000000001:user/admin',
          groups: ['system:masters'],
        },
        { username: 'evenkeel:probe', groups: [] },
      ],
    })
    expect(world.changed).toEqual(['abc'])
    expect((await world.turn()).plan?.steps).toEqual([])
    expect(await new AdmissionView(world).isAdmitted('abc')).toBe(true)
    expect(await admittedClusters(world.folder)).toEqual(['abc'])
  })

  it('when it was made without admin rights for its creator, or by nobody with an ARN, only the probe comes in', async () => {
    const { spec } = hostedIntent()
    for (const without of [{ bootstrapClusterCreatorAdminPermissions: false }, { creator: 'kubernetes-admin' }]) {
      const world = await rig({ spec: { ...spec, ...without } })
      await world.admit()
      await world.turn()
      expect(world.document()?.['entries']).toMatchObject([{ username: 'evenkeel:probe' }])
    }
  })

  it('when the probe makes a token today or in 30 days, its key is there, and the next day is added in time', async () => {
    const world = await rig()
    await world.admit()
    await world.turn()
    const probe = world.document()?.['probe'] as { days: Record<string, string> }
    for (const ahead of [0, 30]) {
      const nowMs = world.clock.now() + ahead * 86_400_000
      const token = parseClusterToken(
        clusterToken({ clusterName: 'web', region: REGION, credentials: PROBE_KEY, nowMs }),
      )
      if (!token.ok) {
        throw new Error(token.refusal.detail)
      }
      const verdict = verifyClusterToken(token.value, {
        clusterName: 'web',
        region: REGION,
        nowMs,
        signingKeyOf: (_id, day) => Buffer.from(probe.days[day] ?? '', 'base64'),
      })
      expect(verdict.ok).toBe(true)
    }
    const before = world.folder.files.get('clusters/abc.json')
    await world.clock.advance(86_400_000)
    await world.turn()
    expect(world.folder.files.get('clusters/abc.json')).not.toBe(before)
  })

  it('when its deletion is accepted, the authenticators forget it', async () => {
    const world = await rig()
    await world.admit()
    await world.turn()
    await world.records.write('abc', INTENT_RECORD, serializeIntent({ ...world.intent, deleting: true }))
    await world.turn()
    expect(world.document()).toBeNull()
    await world.records.remove('abc')
    expect((await world.turn()).outcome).toBe('gone')
  })

  it('when a file is left of a cluster without records, it is removed', async () => {
    const world = await rig()
    await world.records.remove('abc')
    world.folder.files.set('clusters/abc.json', '{}')
    await world.turn()
    expect(world.document()).toBeNull()
  })
})
