import { type Cluster, KEEPER_FINALIZER } from '@evenkeel/contract/kinds'
import { type Clock, ReconcileLoop, type TurnResult } from '@evenkeel/kernel'
import type { ClusterId } from '@evenkeel/substrate'
import {
  type ControlPlanePorts,
  type ControlPlaneReconciler,
  type ControlPlaneReport,
  controlPlaneReconciler,
  type Prober,
  type ProbeTarget,
  type Release,
} from '../control-plane/index.ts'
import { type HostedIntent, INTENT_RECORD, intentOf, serializeIntent } from '../intent/index.ts'
import { FakeBlueprint } from './fake-blueprint.ts'
import { FakeSubstrate } from './fake-substrate.ts'

export const RELEASE: Release = { kubernetes: 'v1.37.2', etcd: 'v3.7.3', platformRevision: 1 }

/** Controllers need so long after the first ready API server to make the first service account. */
const FIRST_SERVICE_ACCOUNT_MS = 1500

/** A cell in memory: one substrate, one keeper that can be killed, and what the keeper is told by the world. */
export class KeeperWorld {
  readonly substrate = new FakeSubstrate()
  readonly clock = this.substrate.clock
  readonly blueprint = new FakeBlueprint()
  readonly prober = new FakeProber(this.substrate)
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

/** Answers as the programs of the fake host would. */
export class FakeProber implements Prober {
  readonly #substrate: FakeSubstrate
  readonly #firstReadyMs = new Map<ClusterId, number>()
  tokensWork = true

  constructor(substrate: FakeSubstrate) {
    this.#substrate = substrate
  }

  async probe({ id, kind, members }: ProbeTarget) {
    const { instances } = this.#substrate
    const clock: Clock = this.#substrate.clock
    const isReady = (name: string) => instances.isReady(id, name)
    const etcds = members.filter((member) => member.component === 'etcd')
    const hasQuorum = etcds.filter((member) => isReady(member.name)).length > etcds.length / 2
    const ready = members.map(
      ({ name, component }) => [name, isReady(name) && (component === 'etcd' || hasQuorum)] as const,
    )
    const servers = ready.filter(([name, is]) => is && name.startsWith('kube-apiserver'))
    const balancers = instances.observeBalancers(id).balancers.filter((balancer) => balancer.state !== 'starting')
    const serves = servers.length > 0 && (kind === 'home' || balancers.length > 0)
    if (serves && !this.#firstReadyMs.has(id)) {
      this.#firstReadyMs.set(id, clock.now())
    }
    const since = this.#firstReadyMs.get(id)
    return {
      members: Object.fromEntries(ready.map(([name, is]) => [name, { ready: is }])),
      endpoint: { ready: serves },
      defaultServiceAccount: serves && since !== undefined && clock.now() - since >= FIRST_SERVICE_ACCOUNT_MS,
      token: { ready: serves && this.tokensWork },
    }
  }

  forget(id: ClusterId): void {
    this.#firstReadyMs.delete(id)
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
