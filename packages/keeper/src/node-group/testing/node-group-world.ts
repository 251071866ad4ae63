import type { NodeGroup, NodeGroupSpec } from '@evenkeel/contract/kinds'
import { ReconcileLoop, type TurnResult } from '@evenkeel/kernel'
import { FakeClock } from '@evenkeel/kernel/testing'
import type { MachineTraits } from '@evenkeel/substrate'
import { SimulatedSubstrate } from '@evenkeel/substrate-simulated'
import {
  type NodeGroupIntent,
  nodeGroupId,
  nodeGroupIntentOf,
  nodeGroupIntentRecord,
  serializeNodeGroupIntent,
} from '../../intent/index.ts'
import { hostedIntent, LOOPBACK } from '../../testing/snapshots.ts'
import { maxUnavailable } from '../budget.ts'
import { nodeGroupKey } from '../observe.ts'
import type { NodeApiTarget, NodeGroupPorts, NodeLeavesInput, NodeRenderInput } from '../ports.ts'
import { type NodeGroupReconciler, type NodeGroupReport, nodeGroupReconciler } from '../reconciler.ts'
import { RenderedNodeBlueprint } from '../rendered-blueprint.ts'
import { SimulatedNodeApi } from '../simulated-node-api.ts'
import type { PodOnNode } from '../snapshot.ts'

export const CLUSTER = 'web'
export const GROUP = nodeGroupId('uid-of-workers')
export const OLD = '1.36.3-20261125'
export const NEW = '1.37.2-20261125'

/** A NodeGroup as the home shows it. */
export function nodeGroupObject(change: { readonly generation?: number; readonly spec?: Partial<NodeGroupSpec> } = {}) {
  const { generation = 1, spec } = change
  const object: NodeGroup = {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'NodeGroup',
    metadata: {
      name: 'web.workers',
      namespace: 'account-000000000001',
      uid: 'uid-of-workers',
      generation,
      creationTimestamp: '2026-11-24T12:00:00Z',
      finalizers: ['evenkeel.dev/keeper'],
    },
    spec: {
      clusterName: 'web',
      nodegroupName: 'workers',
      version: '1.36',
      releaseVersion: OLD,
      scalingConfig: { minSize: 0, maxSize: 6, desiredSize: 3 },
      instanceTypes: ['t3.medium'],
      diskSize: 20,
      capacityType: 'ON_DEMAND',
      labels: {},
      taints: [],
      updateConfig: { maxUnavailable: 1, updateStrategy: 'DEFAULT' },
      nodeRepairConfig: { enabled: false },
      updatePaused: false,
      ...spec,
    },
  }
  return object
}

export function nodeGroupIntent(change: { readonly generation?: number; readonly spec?: Partial<NodeGroupSpec> } = {}) {
  const intent = nodeGroupIntentOf(nodeGroupObject(change))
  if ('refused' in intent) {
    throw new Error(intent.refused)
  }
  return intent
}

/** Nodes as simulated machines make them, with pods that stand on them and budgets that hold them. */
export class FakeNodeApi extends SimulatedNodeApi {
  readonly podsByNode = new Map<string, PodOnNode[]>()
  readonly evicted: string[] = []
  /** Why evictions of a pod are refused, by its name. */
  readonly budgets = new Map<string, string>()
  isAway = false

  override async list(target: NodeApiTarget, namePrefix: string) {
    this.#requireAnswer()
    return await super.list(target, namePrefix)
  }

  override async pods(_target?: NodeApiTarget, node = '') {
    this.#requireAnswer()
    return [...(this.podsByNode.get(node) ?? [])]
  }

  override async evict(_target?: NodeApiTarget, pod?: PodOnNode) {
    this.#requireAnswer()
    const refused = this.budgets.get(pod?.name ?? '')
    if (refused !== undefined) {
      return { refused }
    }
    this.evicted.push(pod?.name ?? '')
    for (const pods of this.podsByNode.values()) {
      const at = pods.findIndex(({ name }) => name === pod?.name)
      if (at >= 0) {
        pods.splice(at, 1)
      }
    }
    return {}
  }

  place(node: string, name: string, change: Partial<PodOnNode> = {}): void {
    const pod = { namespace: 'default', name, uid: `uid-of-${name}`, stays: false, deleting: false, ...change }
    this.podsByNode.set(node, [...(this.podsByNode.get(node) ?? []), pod])
  }

  #requireAnswer(): void {
    if (this.isAway) {
      throw new Error('no answer')
    }
  }
}

/** A blueprint whose certificates are words; the rest is the real one's. */
class FakeNodeBlueprint extends RenderedNodeBlueprint {
  renewals = 0
  isDue = false

  override async issueLeaves({ machines }: NodeLeavesInput) {
    this.renewals += 1
    this.isDue = false
    return JSON.stringify({ serial: this.renewals, names: machines.map(({ name }) => name) })
  }

  override areLeavesDue({ machines }: NodeLeavesInput, leaves: string) {
    const { names } = JSON.parse(leaves) as { names: string[] }
    return this.isDue || names.join() !== machines.map(({ name }) => name).join()
  }

  override isCertified(leaves: string, machine: string) {
    return leaves !== '' && (JSON.parse(leaves) as { names: string[] }).names.includes(machine)
  }

  override render(input: NodeRenderInput) {
    const files = [{ path: 'kubelet.pem', content: input.leaves, onChange: 'reload' as const }]
    const program = { name: 'kubelet', version: input.versions.kubelet }
    const kubelet = { name: 'kubelet', program, args: [], env: {}, files, stopGraceSeconds: 5 }
    return { ...this.renderBare(input), programs: [kubelet] }
  }
}

/** A cluster in memory that is ACTIVE, one node group, and keepers that can be killed. */
export class NodeGroupWorld {
  readonly clock = new FakeClock(Date.parse('2026-11-24T12:00:00Z'))
  readonly journal: string[] = []
  readonly substrate = new SimulatedSubstrate({ clock: this.clock, note: (change) => this.journal.push(change) })
  readonly nodes = new FakeNodeApi(this.substrate.machines)
  readonly blueprint = new FakeNodeBlueprint({
    layout: () => this.substrate.machines.layout(),
    region: 'local-1',
    sandboxImage: 'pause',
  })
  readonly reports: NodeGroupReport[] = []
  readonly released: string[] = []
  readonly addresses = new Map<string, number>()
  traits: Partial<MachineTraits> = {}
  isReached = true
  known: readonly string[] = [OLD, NEW]
  programs: 'present' | 'absent' | 'arriving' = 'present'

  get ports(): NodeGroupPorts {
    const { machines } = this.substrate
    return {
      substrate: {
        zones: this.substrate.zones,
        records: this.substrate.records,
        machines: {
          traits: { ...machines.traits, ...this.traits },
          layout: () => machines.layout(),
          ensure: (spec) => machines.ensure(spec),
          observe: (cluster) => machines.observe(cluster),
          reboot: (id) => machines.reboot(id),
          remove: (id) => machines.remove(id),
          clusters: () => machines.clusters(),
        },
        network: {
          claimNode: async (_cluster, node) => {
            const number = this.addresses.get(node) ?? Math.max(0, ...this.addresses.values()) + 1
            this.addresses.set(node, number)
            return { host: `100.64.0.${number}`, podCidr: `10.200.${number}.0/24` }
          },
          releaseNode: async (_cluster, node) => void this.addresses.delete(node),
        },
      },
      clock: this.clock,
      region: 'local-1',
      bundleOf: (releaseVersion) =>
        this.known.includes(releaseVersion)
          ? {
              releaseVersion,
              kubelet: `v${releaseVersion.slice(0, 6)}`,
              containerd: 'v2',
              runc: 'v1',
              cniPlugins: 'v1',
            }
          : undefined,
      programs: {
        observe: async () => ({ state: this.programs }),
        request: () => {
          this.programs = 'arriving'
        },
      },
      blueprint: this.blueprint,
      nodes: this.nodes,
      reach: async () =>
        this.isReached
          ? {
              intent: hostedIntent(),
              network: {
                ...LOOPBACK,
                nodes: { endpoint: { host: 'e', port: 6443 }, relay: { host: 'e', port: 9443 }, cidr: '', podCidr: '' },
              },
              endpoint: {
                name: 'endpoint',
                component: 'endpoint',
                host: '',
                port: 0,
                serverName: '',
                caCertificate: '',
              },
              keys: 'keys',
            }
          : undefined,
      released: (_cluster, _group, object) => this.released.push(object),
    }
  }

  async accept(change: { readonly generation?: number; readonly spec?: Partial<NodeGroupSpec> } = {}) {
    await this.acceptIntent(nodeGroupIntent(change))
  }

  async acceptIntent(intent: NodeGroupIntent) {
    await this.substrate.records.write(CLUSTER, nodeGroupIntentRecord(GROUP), serializeNodeGroupIntent(intent))
  }

  /** A keeper that has just started: it remembers nothing. */
  newKeeper(change: (reconciler: NodeGroupReconciler) => NodeGroupReconciler = (same) => same) {
    const reconciler = nodeGroupReconciler(this.ports, (report) => this.reports.push(report))
    return new ReconcileLoop({ reconciler: change(reconciler), clock: this.clock, random: () => 0 })
  }

  /** Turns of one keeper until it rests (or the group is gone), as the loop would pace them. Time passes with it. */
  async run(
    keeper: ReturnType<NodeGroupWorld['newKeeper']>,
    options: { readonly untilMs?: number; readonly eachTurn?: () => void } = {},
  ): Promise<TurnResult<unknown, unknown>> {
    const endMs = this.clock.now() + (options.untilMs ?? 600_000)
    for (;;) {
      const result = await keeper.turn(nodeGroupKey(CLUSTER, GROUP))
      options.eachTurn?.()
      if (result.outcome === 'failed') {
        throw result.error
      }
      const delayMs = delayOf(result)
      if (result.outcome === 'gone' || delayMs >= 5000 || this.clock.now() + delayMs > endMs) {
        return result
      }
      await this.clock.advance(delayMs)
    }
  }

  get last(): NodeGroupReport {
    const report = this.reports.at(-1)
    if (report === undefined) {
      throw new Error('no turn was reported')
    }
    return report
  }

  /** Names of machines that are to stay, by zone. */
  zones(): Record<string, number> {
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 }
    for (const { zone, retiring } of this.last.snapshot.roster.machines) {
      counts[zone] = (counts[zone] ?? 0) + (retiring === undefined ? 1 : 0)
    }
    return counts
  }

  /** What may never be, whatever goes on: to be asked after each turn of a group without bad luck. */
  bounds(): { readonly ready: number; readonly fewest: number; readonly machines: number; readonly most: number } {
    const { snapshot, status } = this.last
    const { scalingConfig } = snapshot.intent.spec
    const surge = maxUnavailable(snapshot.intent)
    return {
      ready: status.readyCount ?? 0,
      fewest: scalingConfig.desiredSize - surge,
      machines: snapshot.roster.machines.length,
      most: scalingConfig.maxSize + surge,
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
