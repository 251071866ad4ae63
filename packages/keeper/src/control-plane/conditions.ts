import type { ConditionDraft, Note } from '@evenkeel/kernel'
import { countReady, type Member, membersOf, quorumOf } from './members.ts'
import { REASON } from './reasons.ts'
import { type ControlPlaneSnapshot, phaseOf } from './snapshot.ts'

/** Types of the conditions of a control plane; the last one sums up whether clients are served. */
export const CONDITION = {
  etcdQuorate: 'EtcdQuorate',
  apiServersReady: 'ApiServersReady',
  controllersReady: 'ControllersReady',
  endpointReady: 'EndpointReady',
  tokensVerified: 'TokensVerified',
  certificatesCurrent: 'CertificatesCurrent',
  volumesPresent: 'VolumesPresent',
  volumesHaveRoom: 'VolumesHaveRoom',
  networkPresent: 'NetworkPresent',
  controlPlaneReady: 'ControlPlaneReady',
} as const

/**
 * What is true of a control plane as it was seen. Messages name members and reasons, never measurements or the words of
 * a failed probe: a status is written when they change, and those change with every look.
 */
export function controlPlaneConditions(
  snapshot: ControlPlaneSnapshot,
  notes: readonly Note[],
): readonly ConditionDraft[] {
  const members = membersOf(snapshot)
  const hosted = snapshot.intent.kind === 'hosted'
  const parts = [
    etcdQuorate(snapshot, members),
    apiServersReady(snapshot, members),
    ...(hosted ? [controllersReady(snapshot, members)] : []),
    endpointReady(snapshot),
    ...(hosted ? [tokensVerified(snapshot)] : []),
    certificatesCurrent(snapshot),
    volumesPresent(snapshot),
    volumesHaveRoom(snapshot),
    ...(snapshot.network?.nodes === undefined ? [] : [networkPresent(snapshot)]),
  ]
  return [...parts, controlPlaneReady(snapshot, parts, notes)]
}

function etcdQuorate(snapshot: ControlPlaneSnapshot, members: readonly Member[]): ConditionDraft {
  const type = CONDITION.etcdQuorate
  const { total, ready, notReady } = countReady(members, 'etcd')
  if (snapshot.probes === undefined || total === 0) {
    return notAsked(snapshot, type)
  }
  if (notReady.length === 0) {
    return { type, status: 'True', reason: REASON.allReady, message: `all ${total} etcd members are healthy` }
  }
  const away = `not healthy: ${notReady.join(', ')}`
  return ready >= quorumOf(total)
    ? { type, status: 'True', reason: REASON.someNotReady, message: `etcd has its quorum; ${away}` }
    : { type, status: 'False', reason: REASON.quorumLost, message: `etcd has no quorum and refuses writes; ${away}` }
}

function apiServersReady(snapshot: ControlPlaneSnapshot, members: readonly Member[]): ConditionDraft {
  return allReady(snapshot, { type: CONDITION.apiServersReady, members, components: ['kube-apiserver', 'etcd-hop'] })
}

function controllersReady(snapshot: ControlPlaneSnapshot, members: readonly Member[]): ConditionDraft {
  const components = ['kube-controller-manager', 'kube-scheduler']
  return allReady(snapshot, { type: CONDITION.controllersReady, members, components })
}

function allReady(
  snapshot: ControlPlaneSnapshot,
  asked: { readonly type: string; readonly members: readonly Member[]; readonly components: readonly string[] },
): ConditionDraft {
  const counts = asked.components.map((component) => countReady(asked.members, component))
  const total = counts.reduce((sum, count) => sum + count.total, 0)
  const notReady = counts.flatMap((count) => count.notReady)
  const { type } = asked
  if (snapshot.probes === undefined || total === 0) {
    return notAsked(snapshot, type)
  }
  if (notReady.length === 0) {
    return { type, status: 'True', reason: REASON.allReady, message: 'all are ready' }
  }
  const reason = notReady.length === total ? REASON.noneReady : REASON.someNotReady
  return { type, status: 'False', reason, message: `not ready: ${notReady.join(', ')}` }
}

function endpointReady(snapshot: ControlPlaneSnapshot): ConditionDraft {
  const type = CONDITION.endpointReady
  if (snapshot.probes === undefined) {
    return notAsked(snapshot, type)
  }
  return snapshot.probes.endpoint.ready
    ? { type, status: 'True', reason: REASON.answers, message: 'the endpoint leads to a ready API server' }
    : { type, status: 'False', reason: REASON.noAnswer, message: 'no ready API server answers through the endpoint' }
}

function tokensVerified(snapshot: ControlPlaneSnapshot): ConditionDraft {
  const type = CONDITION.tokensVerified
  if (snapshot.probes === undefined) {
    return notAsked(snapshot, type)
  }
  return snapshot.probes.token.ready
    ? { type, status: 'True', reason: REASON.verified, message: 'an authenticator has accepted a token' }
    : { type, status: 'False', reason: REASON.notVerified, message: 'no token of the keeper was accepted' }
}

/** From then on a renewed certificate lives shorter than the year that it should. */
const AUTHORITIES_NOTICE_MS = 365 * 86_400_000

function certificatesCurrent(snapshot: ControlPlaneSnapshot): ConditionDraft {
  const type = CONDITION.certificatesCurrent
  const { leaves, nowMs } = snapshot
  if (leaves === undefined) {
    return phaseOf(snapshot) === 'CREATING'
      ? { type, status: 'Unknown', reason: REASON.notIssued, message: 'no certificate has been issued yet' }
      : notAsked(snapshot, type)
  }
  if (Date.parse(leaves.nextExpiry) <= nowMs) {
    return {
      type,
      status: 'False',
      reason: REASON.expired,
      message: `a certificate has expired at ${leaves.nextExpiry}`,
    }
  }
  if (Date.parse(leaves.authoritiesEnd) - nowMs < AUTHORITIES_NOTICE_MS) {
    const message = `the certificate authorities end at ${leaves.authoritiesEnd}, and no certificate outlives them: move what runs here to a new cluster before that`
    return { type, status: 'True', reason: REASON.authoritiesEnding, message }
  }
  return leaves.due
    ? { type, status: 'True', reason: REASON.due, message: 'certificates are being renewed' }
    : { type, status: 'True', reason: REASON.current, message: 'no certificate expires soon' }
}

function volumesPresent(snapshot: ControlPlaneSnapshot): ConditionDraft {
  const type = CONDITION.volumesPresent
  const wanted = snapshot.desired?.volumes ?? []
  const away = wanted.filter(
    ({ name }) => !snapshot.observedVolumes.some((volume) => volume.name === name && volume.state === 'present'),
  )
  const full = snapshot.refusals.find((refusal) => refusal.code === 'NoSpace')
  if (full !== undefined && phaseOf(snapshot) !== 'FAILED') {
    return { type, status: 'False', reason: REASON.noSpace, message: full.message }
  }
  if (wanted.length === 0) {
    return notAsked(snapshot, type)
  }
  return away.length === 0
    ? { type, status: 'True', reason: REASON.present, message: 'every member of etcd has its volume' }
    : {
        type,
        status: 'False',
        reason: REASON.volumeMissing,
        message: `missing: ${away.map((volume) => volume.name).join(', ')}`,
      }
}

/** Nobody can keep etcd from growing into the floor; who can make room has to know in time. */
function volumesHaveRoom({ isBelowFloor }: ControlPlaneSnapshot): ConditionDraft {
  const type = CONDITION.volumesHaveRoom
  const message =
    'the disk of the volumes has less free than is kept for the home and the records: no volume is made there, and etcd goes on until it is full; free some'
  return isBelowFloor
    ? { type, status: 'False', reason: REASON.belowFloor, message }
    : { type, status: 'True', reason: REASON.aboveFloor, message: 'the disk of the volumes has room' }
}

/** Of clusters with a network of their own: others have nothing that could be missing. */
function networkPresent({ networkPresent: isPresent, refusals }: ControlPlaneSnapshot): ConditionDraft {
  const type = CONDITION.networkPresent
  if (isPresent) {
    return { type, status: 'True', reason: REASON.present, message: 'links, routes and rules of the network are there' }
  }
  const refusal = refusals.find(({ step }) => step === 'EnsureNetwork')
  return refusal === undefined
    ? { type, status: 'False', reason: REASON.networkMissing, message: 'the network is being made' }
    : { type, status: 'False', reason: REASON.refused, message: refusal.message }
}

/** Clients are served when these are so; the others say how much is in reserve. */
const NEEDED_TO_SERVE: readonly string[] = [
  CONDITION.etcdQuorate,
  CONDITION.endpointReady,
  CONDITION.tokensVerified,
  CONDITION.certificatesCurrent,
]

function controlPlaneReady(
  snapshot: ControlPlaneSnapshot,
  parts: readonly ConditionDraft[],
  notes: readonly Note[],
): ConditionDraft {
  const type = CONDITION.controlPlaneReady
  const told = notes.filter((note) => note.kind !== 'did').map((note) => note.detail)
  const said = (first: string) => [first, ...told].filter((sentence) => sentence !== '').join('; ')
  const phase = phaseOf(snapshot)
  if (phase === 'DELETING') {
    return { type, status: 'False', reason: REASON.deleting, message: said('') }
  }
  if (phase === 'FAILED') {
    return { type, status: 'False', reason: REASON.createFailed, message: failureText(snapshot) }
  }
  if (phase === 'CREATING') {
    return { type, status: 'False', reason: REASON.creating, message: said('') }
  }
  const lacking = parts.find((part) => NEEDED_TO_SERVE.includes(part.type) && part.status !== 'True')
  if (lacking !== undefined) {
    return { type, status: lacking.status, reason: lacking.reason, message: said(lacking.message) }
  }
  const weak = parts.filter((part) => part.status !== 'True' || part.reason === REASON.someNotReady)
  return weak.length === 0
    ? { type, status: 'True', reason: REASON.serving, message: said('') }
    : { type, status: 'True', reason: REASON.degraded, message: said(weak.map((part) => part.message).join('; ')) }
}

/** What cannot be known, and why: before anything runs, while nothing does, and when nothing will. */
function notAsked(snapshot: ControlPlaneSnapshot, type: string): ConditionDraft {
  const unknown = (reason: string, message: string): ConditionDraft => ({ type, status: 'Unknown', reason, message })
  switch (phaseOf(snapshot)) {
    case 'DELETING':
      return unknown(REASON.deleting, 'not asked any more: the cluster is being deleted')
    case 'FAILED':
      return unknown(REASON.createFailed, `not asked any more: the create has failed (${failureText(snapshot)})`)
    case 'ACTIVE':
      return unknown(REASON.notAsked, 'no program runs that could be asked')
    case 'CREATING':
      return unknown(REASON.notAsked, 'nothing has been asked yet')
  }
}

function failureText({ outcome }: ControlPlaneSnapshot): string {
  return outcome?.result === 'failed' ? outcome.message : ''
}
