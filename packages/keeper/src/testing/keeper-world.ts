import { type Cluster, KEEPER_FINALIZER } from '@evenkeel/contract/kinds'
import { ReconcileLoop, type TurnResult } from '@evenkeel/kernel'
import { FakeClock } from '@evenkeel/kernel/testing'
import type { ClusterId } from '@evenkeel/substrate'
import { SimulatedSubstrate } from '@evenkeel/substrate-simulated'
import {
  type ControlPlanePorts,
  type ControlPlaneReconciler,
  type ControlPlaneReport,
  controlPlaneReconciler,
  type Release,
  SimulatedProber,
} from '../control-plane/index.ts'
import { type HostedIntent, INTENT_RECORD, intentOf, serializeIntent } from '../intent/index.ts'
import { FakeBlueprint } from './fake-blueprint.ts'

export const RELEASE: Release = { kubernetes: 'v1.37.2', etcd: 'v3.7.3', platformRevision: 1 }

/** A cell in memory: one substrate, one keeper that can be killed, and what the keeper is told by the world. */
export class KeeperWorld {
  readonly clock = new FakeClock(Date.parse('2026-11-24T12:00:00Z'))
  /** Every change of the substrate, in order; starts and ends of balancers are the endpoint's own business. */
  readonly journal: string[] = []
  readonly substrate = new SimulatedSubstrate({
    clock: this.clock,
    note: (change) => {
      if (!change.includes('/endpoint-') || change.startsWith('restart')) {
        this.journal.push(change)
      }
    },
  })
  readonly blueprint = new FakeBlueprint()
  readonly prober = new SimulatedProber(this)
  readonly reports: ControlPlaneReport[] = []
  readonly released: string[] = []
  readonly homeFiles = new Map<string, string>()
  /** Clusters that the authenticators know. */
  readonly admitted = new Set<ClusterId>()
  programs: 'present' | 'absent' | 'arriving' = 'present'
  grants = 0

  readonly ports: ControlPlanePorts = {
    substrate: this.substrate,
    clock: this.clock,
    offeredRelease: (minor) => (minor === '1.37' ? RELEASE : undefined),
    programs: {
      observe: async () => ({ state: this.programs }),
      request: () => {
        this.programs = 'arriving'
      },
    },
    blueprint: this.blueprint,
    prober: this.prober,
    objects: { write: async () => {} },
    admission: {
      isAdmitted: async (id) => this.admitted.has(id),
      wake: () => {},
      tokensValidUntil: async () => '2026-12-24T00:00:00Z',
    },
    homeAccess: {
      read: async (file) => this.homeFiles.get(file),
      write: async (file, content) => {
        this.homeFiles.set(file, content)
      },
      grantRights: async () => {
        this.grants += 1
      },
    },
    released: (_id, object) => this.released.push(object),
  }

  /** A keeper that has just started: it remembers nothing. */
  newKeeper(change: (reconciler: ControlPlaneReconciler) => ControlPlaneReconciler = (same) => same) {
    const reconciler = controlPlaneReconciler(this.ports, (report) => this.reports.push(report))
    return new ReconcileLoop({ reconciler: change(reconciler), clock: this.clock, random: () => 0 })
  }

  async accept(id: ClusterId, change: Partial<HostedIntent> = {}): Promise<void> {
    const intent = intentOf(clusterObject({ name: id }))
    if ('refused' in intent) {
      throw new Error(intent.refused)
    }
    await this.substrate.records.write(id, INTENT_RECORD, serializeIntent({ ...intent, ...change }))
  }

  async acceptHome(): Promise<void> {
    const intent = { kind: 'home' as const, version: '1.37', acceptedAt: '2026-11-24T12:00:00Z' }
    await this.substrate.records.write('home', INTENT_RECORD, serializeIntent(intent))
  }

  /** Turns of one keeper until it rests (or the object is gone), as the loop would pace them. Time passes with it. */
  async run(
    keeper: ReturnType<KeeperWorld['newKeeper']>,
    id: ClusterId,
    options: { readonly untilMs?: number; readonly eachTurn?: () => void } = {},
  ): Promise<TurnResult<unknown, unknown>> {
    const endMs = this.clock.now() + (options.untilMs ?? 600_000)
    for (;;) {
      const result = await keeper.turn(id)
      options.eachTurn?.()
      if (result.outcome === 'gone' || result.outcome === 'stopped') {
        return result
      }
      if (result.outcome === 'failed') {
        throw result.error
      }
      const delayMs = delayOf(result)
      if (delayMs >= 5000 || this.clock.now() + delayMs > endMs) {
        return result
      }
      await this.clock.advance(delayMs)
    }
  }
}

function delayOf(result: TurnResult<unknown, unknown>): number {
  switch (result.next.kind) {
    case 'now':
      return 1
    case 'after':
      return result.next.delayMs
    case 'backoff':
      return 250
    case 'never':
      return Number.POSITIVE_INFINITY
  }
}

/** A Cluster as the home shows it. */
export function clusterObject(change: {
  name: string
  generation?: number
  deleting?: boolean
  finalizers?: string[]
  spec?: Partial<Cluster['spec']>
}): Cluster {
  const { name, generation = 1, deleting = false, finalizers = [KEEPER_FINALIZER], spec } = change
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Cluster',
    metadata: {
      name,
      namespace: 'account-000000000001',
      uid: `uid-of-${name}`,
      generation,
      creationTimestamp: '2026-11-24T12:00:00Z',
      finalizers,
      ...(deleting ? { deletionTimestamp: '2026-11-24T12:10:00Z' } : {}),
    },
    spec: { eksName: name, version: '1.37', creator: 'arn:aws:iam::000000000001:user/admin', ...spec },
  }
}
