import type { HealthIssue, MemberStatus } from '@evenkeel/contract/kinds'
import type { ConditionDraft, Note } from '@evenkeel/kernel'
import type { ControlPlaneReport } from './control-plane/index.ts'
import type { NodeGroupReport, NodeGroupStatusDraft } from './node-group/index.ts'

/** One control plane as this keeper saw it last. */
export interface KeptControlPlane {
  readonly id: string
  readonly kind: 'hosted' | 'home'
  /** Of the Cluster in the home; absent for the home itself. */
  readonly namespace?: string
  readonly name?: string
  readonly eksName?: string
  readonly phase: string
  readonly seenAt: string
  readonly conditions: readonly ConditionDraft[]
  readonly members: readonly MemberStatus[]
  /** Kind of its network, once it has claimed one. */
  readonly network?: string
  /** When the next of its certificates expires, and when its authorities end (RFC 3339). */
  readonly nextCertificateExpiry?: string
  readonly certificateAuthorityExpiry?: string
  readonly notes: readonly Note[]
  /** Why members, the endpoint or tokens do not answer, by name. */
  readonly silent: Readonly<Record<string, string>>
}

/** One node group as this keeper saw it last. */
export interface KeptNodeGroup {
  /** Id of its cluster. */
  readonly cluster: string
  readonly namespace: string
  readonly name: string
  readonly clusterName: string
  readonly nodegroupName: string
  readonly phase: string
  readonly seenAt: string
  readonly nodes: NodeGroupStatusDraft['nodes']
  readonly issues: readonly HealthIssue[]
  readonly conditions: readonly ConditionDraft[]
  readonly notes: readonly Note[]
}

/** What `GET /status` of a keeper answers: it needs neither the home nor the service. Nothing secret. */
export interface KeeperStatus {
  readonly zone: string
  /** It is the one that acts; the others stand by and know nothing. */
  readonly acts: boolean
  readonly controlPlanes: readonly KeptControlPlane[]
  readonly nodeGroups: readonly KeptNodeGroup[]
  /** Of the EKS API where other machines reach it (RFC 3339). */
  readonly serviceCertificate?: { readonly nextExpiry: string; readonly authorityExpiry: string }
}

export class KeeperStatusPage {
  readonly #zone: string
  readonly #kept = new Map<string, KeptControlPlane>()
  readonly #nodeGroups = new Map<string, KeptNodeGroup>()
  acts = false
  serviceCertificate: KeeperStatus['serviceCertificate']

  constructor(zone: string) {
    this.#zone = zone
  }

  saw({ snapshot, plan, status }: ControlPlaneReport): void {
    const { id, intent, nowMs, probes } = snapshot
    const asked =
      probes === undefined ? [] : Object.entries({ ...probes.members, endpoint: probes.endpoint, token: probes.token })
    const silent = asked
      .filter(([, probe]) => !probe.ready)
      .map(([name, probe]): [string, string] => [name, probe.detail ?? 'no answer'])
    this.#kept.set(id, {
      id,
      kind: intent.kind,
      ...(intent.kind === 'hosted'
        ? { namespace: intent.namespace, name: intent.name, eksName: intent.spec.eksName }
        : {}),
      phase: status.phase ?? 'CREATING',
      seenAt: new Date(nowMs).toISOString(),
      conditions: status.conditions,
      members: status.members ?? [],
      ...(status.network === undefined ? {} : { network: status.network }),
      ...(snapshot.leaves === undefined
        ? {}
        : {
            nextCertificateExpiry: snapshot.leaves.nextExpiry,
            certificateAuthorityExpiry: snapshot.leaves.authoritiesEnd,
          }),
      notes: plan.notes,
      silent: Object.fromEntries(silent),
    })
  }

  forget(id: string): void {
    this.#kept.delete(id)
  }

  sawNodeGroup(key: string, { snapshot, plan, status }: NodeGroupReport): void {
    const { cluster, intent, nowMs } = snapshot
    const { clusterName, nodegroupName } = intent.spec
    this.#nodeGroups.set(key, {
      cluster,
      namespace: intent.namespace,
      name: intent.name,
      clusterName,
      nodegroupName,
      phase: status.phase ?? 'CREATING',
      seenAt: new Date(nowMs).toISOString(),
      nodes: status.nodes,
      issues: status.health?.issues ?? [],
      conditions: status.conditions,
      notes: plan.notes,
    })
  }

  forgetNodeGroup(key: string): void {
    this.#nodeGroups.delete(key)
  }

  show(): KeeperStatus {
    return {
      zone: this.#zone,
      acts: this.acts,
      controlPlanes: [...this.#kept.values()],
      nodeGroups: [...this.#nodeGroups.values()],
      ...(this.serviceCertificate === undefined ? {} : { serviceCertificate: this.serviceCertificate }),
    }
  }
}
