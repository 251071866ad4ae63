import type { Condition, MemberStatus } from '@evenkeel/contract/kinds'
import { waitLines } from '../cluster/index.ts'
import type { NodeGroupView, NodeView } from '../node-group/index.ts'
import type { CertificatesView, ClusterView } from './snapshot.ts'

/** The part that we read of what `GET /status` of a keeper answers. */
export interface KeeperAnswer {
  readonly acts: boolean
  readonly controlPlanes: readonly KeptControlPlane[]
  readonly nodeGroups?: readonly KeptNodeGroup[]
  readonly serviceCertificate?: { readonly nextExpiry: string; readonly authorityExpiry: string }
}

export interface KeptControlPlane {
  readonly id: string
  readonly kind: 'hosted' | 'home'
  readonly namespace?: string
  readonly eksName?: string
  readonly phase: string
  readonly conditions: readonly Omit<Condition, 'lastTransitionTime'>[]
  readonly members: readonly MemberStatus[]
  readonly network?: string
  readonly nextCertificateExpiry?: string
  readonly certificateAuthorityExpiry?: string
  readonly notes: readonly { readonly kind: string; readonly detail: string }[]
  /** Why members, the endpoint or tokens do not answer, by name. */
  readonly silent: Readonly<Record<string, string>>
}

export interface KeptNodeGroup {
  /** Id of its cluster. */
  readonly cluster: string
  readonly nodegroupName: string
  readonly phase: string
  readonly nodes: readonly NodeView[]
  readonly issues: readonly { readonly code: string; readonly message: string }[]
  readonly notes: readonly { readonly kind: string; readonly detail: string }[]
}

export function parseKeeperAnswer(body: string): KeeperAnswer | undefined {
  try {
    const value = JSON.parse(body) as Partial<KeeperAnswer>
    return typeof value.acts === 'boolean' && Array.isArray(value.controlPlanes) ? (value as KeeperAnswer) : undefined
  } catch {
    // Something else answers there.
    return undefined
  }
}

/** What is waited for, as the acting keeper has it: its own words first, then who does not answer and why. */
export function keptWaits(kept: KeptControlPlane): string[] {
  const notes = kept.notes.filter((note) => note.kind !== 'did').map((note) => note.detail)
  const silent = Object.entries(kept.silent).map(([name, why]) => `${name}: ${firstLine(why)}`)
  const conditions = kept.conditions.map((condition) => ({ ...condition, lastTransitionTime: '' }))
  const open = notes.length === 0 ? waitLines(conditions) : notes
  return [...open, ...silent]
}

/** Answers of health checks have a line for each check. */
function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}

/** A cluster as the acting keeper has it, for when the home does not answer. */
export function keptView(kept: KeptControlPlane, nodeGroups: readonly KeptNodeGroup[] = []): ClusterView {
  const versionOf = (component: string) => kept.members.find((member) => member.component === component)?.version
  const kubernetesVersion = versionOf('kube-apiserver')
  const etcdVersion = versionOf('etcd')
  const accountId = /^account-(\d{12})$/.exec(kept.namespace ?? '')?.[1]
  return {
    name: kept.eksName ?? kept.id,
    id: kept.id,
    ...(accountId === undefined ? {} : { accountId }),
    phase: kept.phase,
    version: kubernetesVersion ?? '',
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(etcdVersion === undefined ? {} : { etcdVersion }),
    ...(kept.network === undefined ? {} : { network: kept.network }),
    members: kept.members,
    waits: keptWaits(kept),
    nodeGroups: nodeGroups.filter(({ cluster }) => cluster === kept.id).map(keptNodeGroup),
  }
}

function keptNodeGroup({ nodegroupName, phase, nodes, issues, notes }: KeptNodeGroup): NodeGroupView {
  const open = notes.filter((note) => note.kind !== 'did').map((note) => note.detail)
  const wrong = issues.map(({ code, message }) => `${code}: ${message}`)
  const ready = nodes.filter((node) => node.ready).length
  return { name: nodegroupName, phase, ready, nodes, waits: [...open, ...wrong] }
}

/** Of everything that the acting keeper renews. */
export function keptCertificates({ controlPlanes, serviceCertificate }: KeeperAnswer): CertificatesView[] {
  const kept = controlPlanes.flatMap((one): CertificatesView[] => {
    const { nextCertificateExpiry: nextExpiry, certificateAuthorityExpiry: authorityExpiry } = one
    if (nextExpiry === undefined) return []
    const of = one.kind === 'home' ? 'the home' : `cluster ${one.eksName ?? one.id}`
    return [{ of, nextExpiry, ...(authorityExpiry === undefined ? {} : { authorityExpiry }) }]
  })
  return serviceCertificate === undefined ? kept : [...kept, { of: 'the EKS API', ...serviceCertificate }]
}
