import type { MemberStatus } from '@evenkeel/contract/kinds'
import type { ConditionDraft, Note } from '@evenkeel/kernel'
import type { ControlPlaneReport } from './control-plane/index.ts'

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

/** What `GET /status` of a keeper answers: it needs neither the home nor the service. Nothing secret. */
export interface KeeperStatus {
  readonly zone: string
  /** It is the one that acts; the others stand by and know nothing. */
  readonly acts: boolean
  readonly controlPlanes: readonly KeptControlPlane[]
  /** Of the EKS API where other machines reach it (RFC 3339). */
  readonly serviceCertificate?: { readonly nextExpiry: string; readonly authorityExpiry: string }
}

export class KeeperStatusPage {
  readonly #zone: string
  readonly #kept = new Map<string, KeptControlPlane>()
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

  show(): KeeperStatus {
    return {
      zone: this.#zone,
      acts: this.acts,
      controlPlanes: [...this.#kept.values()],
      ...(this.serviceCertificate === undefined ? {} : { serviceCertificate: this.serviceCertificate }),
    }
  }
}
