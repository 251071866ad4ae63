import { type ClusterStatus, type HealthIssue, type MemberStatus, platformVersion } from '@evenkeel/contract/kinds'
import { type ConditionDraft, mergeConditions } from '@evenkeel/kernel'
import type { ObservedInstance } from '@evenkeel/substrate'
import { CONDITION } from './conditions.ts'
import { balancersOf, isAlive, type Member, membersOf } from './members.ts'
import { REASON } from './reasons.ts'
import { type ControlPlaneSnapshot, phaseOf } from './snapshot.ts'

/** A status before its conditions have their times. */
export type StatusDraft = Omit<ClusterStatus, 'conditions'> & { readonly conditions: readonly ConditionDraft[] }

/** The status with its times: those of `shown` where nothing has changed. */
export function withTimes(draft: StatusDraft, shown: ClusterStatus | undefined, nowMs: number): ClusterStatus {
  const { observedGeneration } = draft
  const times = observedGeneration === undefined ? { nowMs } : { nowMs, observedGeneration }
  return { ...draft, conditions: mergeConditions(shown?.conditions, draft.conditions, times) }
}

/** What people and the service are told of a control plane. Coarse: it changes when something has happened. */
export function controlPlaneStatus(snapshot: ControlPlaneSnapshot, conditions: readonly ConditionDraft[]): StatusDraft {
  const { intent, network, release, caCertificate, leaves, tokensValidUntil } = snapshot
  const phase = phaseOf(snapshot)
  const shown = phase === 'CREATING' ? undefined : network
  const url = network === undefined ? undefined : endpointUrl(network)
  return {
    ...(intent.kind === 'hosted' ? { observedGeneration: intent.generation } : {}),
    phase,
    id: snapshot.id,
    ...(shown === undefined || url === undefined ? {} : { endpoint: url }),
    ...(shown === undefined || caCertificate === undefined
      ? {}
      : { certificateAuthorityData: Buffer.from(caCertificate).toString('base64') }),
    ...(shown === undefined || url === undefined ? {} : { oidcIssuer: oidcIssuer(url, snapshot.id) }),
    ...(release === undefined
      ? {}
      : {
          platformVersion: platformVersion(release.platformRevision),
          kubernetesVersion: release.kubernetes,
          etcdVersion: release.etcd,
        }),
    ...(network === undefined ? {} : { network: network.kind }),
    members: membersStatus(snapshot),
    health: { issues: healthIssues(snapshot, conditions) },
    ...(tokensValidUntil === undefined ? {} : { tokensValidUntil }),
    ...(leaves === undefined
      ? {}
      : { nextCertificateExpiry: leaves.nextExpiry, certificateAuthorityExpiry: leaves.authoritiesEnd }),
    conditions,
  }
}

export function endpointUrl(network: { readonly endpoint: { readonly host: string; readonly port: number } }): string {
  const { host, port } = network.endpoint
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The issuer of service-account tokens, fixed with the endpoint: it is in every token from the first on. */
export function oidcIssuer(url: string, id: string): string {
  return `${url}/oidc/${id}`
}

function membersStatus(snapshot: ControlPlaneSnapshot): MemberStatus[] {
  const members = membersOf(snapshot).map(memberStatus)
  const balancers = balancersOf(snapshot).map((balancer): MemberStatus => {
    const { name, component } = balancer
    return { name, component, state: stateOf(balancer, true) }
  })
  return [...members, ...balancers]
}

function memberStatus({ spec, observed, probe, ready }: Member): MemberStatus {
  return {
    name: spec.name,
    component: spec.component,
    ...(spec.place === 'region' ? {} : { zone: spec.place }),
    ...(spec.program.version.startsWith('v') ? { version: spec.program.version } : {}),
    state: stateOf(observed, ready),
    ...(probe?.leader === undefined ? {} : { leader: probe.leader }),
  }
}

function stateOf(observed: ObservedInstance | undefined, ready: boolean): MemberStatus['state'] {
  if (observed === undefined || observed.state === 'stopped') {
    return 'Absent'
  }
  if (!isAlive(observed)) {
    return 'Starting'
  }
  if (observed.state === 'unsupervised') {
    return 'Unsupervised'
  }
  return ready ? 'Ready' : 'NotReady'
}

/** Issues with codes of EKS (`ClusterIssueCode`), for what a person should know of. */
function healthIssues(snapshot: ControlPlaneSnapshot, conditions: readonly ConditionDraft[]): HealthIssue[] {
  const { outcome, id } = snapshot
  if (outcome?.result === 'failed') {
    return [{ code: outcome.code, message: outcome.message, resourceIds: [id] }]
  }
  if (phaseOf(snapshot) !== 'ACTIVE') {
    return []
  }
  const wrong = conditions.filter(({ type, status }) => status === 'False' && TOLD_AS_ISSUES.includes(type))
  return wrong.map(({ type, reason, message }) => ({
    code: issueCode(type, reason),
    message,
    resourceIds: [id],
  }))
}

const TOLD_AS_ISSUES: readonly string[] = [
  CONDITION.controlPlaneReady,
  CONDITION.volumesPresent,
  CONDITION.volumesHaveRoom,
]

function issueCode(type: string, reason: string): string {
  if (type === CONDITION.controlPlaneReady) {
    return 'ClusterUnreachable'
  }
  return reason === REASON.volumeMissing ? 'ResourceNotFound' : 'ResourceLimitExceeded'
}
