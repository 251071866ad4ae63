import { instanceTypeOf } from '@evenkeel/contract/kinds'
import type { MachineLayout, MachineSpec } from '@evenkeel/substrate'
import { parseFact, serializeFact, serviceCidrOf } from '../control-plane/index.ts'
import { nodeLeafPlan, renderNode } from '../node/index.ts'
import { areLeavesDue, ClusterKeys, issueCertificates, type LeafPlan, LeafSet } from '../pki/index.ts'
import type { RosterMachine } from './facts.ts'
import type { NodeBlueprint, NodeLeavesInput, NodeRenderInput } from './ports.ts'

/** More groups than an installation has, as a rule. */
const PARSED_RECORDS = 256

export interface RenderedNodeBlueprintOptions {
  readonly layout: (machine: { readonly cluster: string; readonly name: string }) => MachineLayout
  readonly region: string
  readonly sandboxImage: string
}

/** The blueprint of real nodes: certificates by `pki`, programs by `node`. */
export class RenderedNodeBlueprint implements NodeBlueprint {
  readonly #options: RenderedNodeBlueprintOptions
  /** The record is read at every look, and is large: one parsed copy for each content. */
  readonly #parsed = new Map<string, LeafSet>()

  constructor(options: RenderedNodeBlueprintOptions) {
    this.#options = options
  }

  async issueLeaves({ cluster, keys, machines }: NodeLeavesInput, recorded: string | undefined, nowMs: number) {
    const authorities = parseFact(ClusterKeys, keys, { cluster, name: 'keys.json' })
    const kept = recorded === undefined ? {} : { recorded: parseLeaves(recorded) }
    return serializeFact(await issueCertificates(authorities, leafPlanOf(machines), { nowMs, ...kept }))
  }

  areLeavesDue({ machines }: NodeLeavesInput, leaves: string, nowMs: number): boolean {
    return areLeavesDue(this.#leaves(leaves), leafPlanOf(machines), nowMs)
  }

  isCertified(leaves: string, machine: string): boolean {
    return leaves !== '' && Object.keys(nodeLeafPlan(machine, '')).every((name) => name in this.#leaves(leaves).leaves)
  }

  render(input: NodeRenderInput): MachineSpec {
    const { reached, group, machine, versions } = input
    const { address } = machine
    const { nodes } = reached.network
    if (address === undefined || nodes === undefined) {
      throw new Error(`machine ${machine.name} has no address yet: plans draw it later`)
    }
    const { nodegroupName: name, capacityType, labels, taints } = group.spec
    const bare = this.renderBare(input)
    return renderNode({
      machine: { cluster: bare.cluster, name: bare.name },
      zone: bare.zone,
      instanceType: bare.instanceType,
      resources: bare.resources,
      address,
      versions,
      group: { name, capacityType, labels, taints },
      region: this.#options.region,
      endpoint: nodes.endpoint,
      serviceCidr: serviceCidrOf(reached.intent),
      caCertificate: parseFact(ClusterKeys, reached.keys, { cluster: input.cluster, name: 'keys.json' }).authorities
        .cluster.certificate,
      leaves: this.#leaves(input.leaves),
      sandboxImage: this.#options.sandboxImage,
      layout: this.#options.layout({ cluster: bare.cluster, name: bare.name }),
    })
  }

  renderBare({ cluster, group, machine }: Pick<NodeRenderInput, 'cluster' | 'group' | 'machine'>): MachineSpec {
    const type = instanceTypeOf(machine.instanceType)
    if (type === undefined) {
      throw new Error(
        `machine ${machine.name} is of an unknown type ${machine.instanceType}: the home admits known ones`,
      )
    }
    return {
      cluster,
      name: machine.name,
      zone: machine.zone,
      instanceType: machine.instanceType,
      resources: { cpus: type.cpus, memoryMib: type.memoryMib, diskGib: group.spec.diskSize },
      address: machine.address ?? { host: '', podCidr: '' },
      tools: [],
      programs: [],
    }
  }

  #leaves(content: string): LeafSet {
    const known = this.#parsed.get(content)
    if (known !== undefined) {
      return known
    }
    if (this.#parsed.size >= PARSED_RECORDS) {
      this.#parsed.clear()
    }
    const leaves = parseLeaves(content)
    this.#parsed.set(content, leaves)
    return leaves
  }
}

function parseLeaves(content: string): LeafSet {
  return parseFact(LeafSet, content, { cluster: '', name: 'leaves.json' })
}

function leafPlanOf(machines: readonly RosterMachine[]): LeafPlan {
  const plans = machines.map(({ name, address }) => nodeLeafPlan(name, address?.host ?? ''))
  return Object.assign({}, ...plans) as LeafPlan
}
