import type {
  ClusterId,
  EndpointSpec,
  FaultCode,
  InstanceSpec,
  NetworkPlan,
  ObservedEndpoint,
  ObservedInstance,
  ObservedVolume,
  Zone,
} from '@evenkeel/substrate'
import type { Intent } from '../intent/index.ts'
import type { ClusterObject } from './components/index.ts'
import type { Effort, Outcome, Release } from './facts.ts'

/** Everything that is known about one control plane at one moment. Time is in it; plan and conditions read nothing else. */
export interface ControlPlaneSnapshot {
  readonly id: ClusterId
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  readonly intent: Intent
  /** What was spent on the create up to its last record; see `effortOf`. */
  readonly effort: Effort | undefined
  /** How the create ended; absent while it goes on. */
  readonly outcome: Outcome | undefined
  readonly topology: Topology

  /** What runs, once chosen; `offered` is what would be chosen now, absent when the version is not offered. */
  readonly release: Release | undefined
  readonly offered: Release | undefined
  /** Whether the binaries of `release` are on this machine. */
  readonly programs: ProgramsState

  /** PEM of who signs the API servers' certificates; absent until the keys are recorded. */
  readonly caCertificate: string | undefined
  /** Absent until the first ones are recorded. */
  readonly leaves: LeavesState | undefined
  readonly network: NetworkPlan | undefined
  /** Links, routes and rules that carry its addresses are there, where it takes any. */
  readonly networkPresent: boolean

  /** What should run: rendered as soon as release, keys, leaves and network are known. */
  readonly desired: DesiredControlPlane | undefined

  readonly observedVolumes: readonly ObservedVolume[]
  /** The disk of the volumes has less free than is kept for the home and the records. */
  readonly isBelowFloor: boolean
  readonly observedInstances: readonly ObservedInstance[]
  readonly observedEndpoint: ObservedEndpoint | undefined
  /** When each instance was asked for last by this keeper (milliseconds since the epoch), by name. */
  readonly instancesEnsuredMs: ReadonlyMap<string, number>
  /** When the endpoint was asked for last; it takes a moment until it is in force. */
  readonly endpointEnsuredMs: number | undefined
  /** Restarts that were asked for and have not been seen to happen. */
  readonly restarts: readonly PendingRestart[]
  /** Absent where nothing is asked: before programs exist, after a failure, while deleting. */
  readonly probes: Probes | undefined
  /** What the substrate refused last, until the same step succeeds. */
  readonly refusals: readonly Refusal[]

  /** Names of the node groups that are on record; a control plane is there as long as one is. */
  readonly nodeGroups: readonly string[]
  /** Machines that are left of a cluster that is being deleted, by name. */
  readonly machines: readonly string[]

  /** Whether the authenticators know the cluster. */
  readonly admitted: boolean
  /** Of the home only: whether its access files are written as they should be, and its bootstrap rights are there. */
  readonly homeAccess: HomeAccessState | undefined
  /** Until when tokens can be verified with nobody's help (RFC 3339); absent when no signing key is known. */
  readonly tokensValidUntil: string | undefined
}

/** Zones in which members stand, in the order in which they are replaced. */
export interface Topology {
  readonly etcdZones: readonly Zone[]
  readonly apiServerZones: readonly Zone[]
}

export type ProgramsState =
  | { readonly state: 'present' | 'absent' | 'arriving' }
  | { readonly state: 'failed'; readonly detail: string }

export interface LeavesState {
  /** They are to be replaced: some expire soon, or names that they must carry have changed. */
  readonly due: boolean
  /** The earliest expiry (RFC 3339). */
  readonly nextExpiry: string
  /** When the cluster's own authorities end (RFC 3339); nothing that they sign lives longer. */
  readonly authoritiesEnd: string
}

export interface HomeAccessState {
  readonly filesWritten: boolean
  readonly rightsGranted: boolean
}

export interface DesiredControlPlane {
  readonly instances: readonly InstanceSpec[]
  readonly volumes: readonly { readonly name: string; readonly zone: Zone }[]
  /** Absent where clients reach the API server directly (the home). */
  readonly endpoint: { readonly spec: EndpointSpec; readonly digest: string } | undefined
  /** What keepers keep in the cluster itself. */
  readonly objects: readonly ClusterObject[]
}

export interface PendingRestart {
  readonly name: string
  readonly pid: number
  readonly sinceMs: number
}

export interface Refusal {
  /** Kind of the step. */
  readonly step: string
  /** What it was about, such as a volume's name. */
  readonly subject: string
  readonly code: FaultCode
  readonly message: string
}

export interface MemberProbe {
  readonly ready: boolean
  /** Of an etcd member. */
  readonly leader?: boolean
  /** Of an API server that is not ready: it was told to end, and still serves those who have not left it. */
  readonly leaving?: boolean
  /** Why it is not ready, for logs and for `/status`; not for conditions, which change in coarse steps alone. */
  readonly detail?: string
}

/** What members and the client's path answered. */
export interface Probes {
  /** By instance name. */
  readonly members: Readonly<Record<string, MemberProbe>>
  /** `GET /readyz` through the cluster's one address, with the keeper's certificate. */
  readonly endpoint: MemberProbe
  /** The service account `default` of the namespace `default` exists: controllers work. */
  readonly defaultServiceAccount: boolean
  /** A token of the probe key was accepted as the probe's user. */
  readonly token: MemberProbe
  /** The objects that keepers keep in the cluster are there, as they should be. */
  readonly objects: boolean
}

/** EKS's word for where the cluster stands; the home has the same ones. */
export type ControlPlanePhase = 'CREATING' | 'ACTIVE' | 'FAILED' | 'DELETING'

export function phaseOf(snapshot: Pick<ControlPlaneSnapshot, 'intent' | 'outcome'>): ControlPlanePhase {
  if (snapshot.intent.kind === 'hosted' && snapshot.intent.deleting) {
    return 'DELETING'
  }
  if (snapshot.outcome === undefined) {
    return 'CREATING'
  }
  return snapshot.outcome.result === 'active' ? 'ACTIVE' : 'FAILED'
}

/** A create may take so much of a keeper's time; then it has failed for good. As in EKS. */
export const CREATE_DEADLINE_MS = 15 * 60_000

/** Components whose program is the endpoint's, not ours to render. */
export const ENDPOINT_COMPONENT = 'endpoint'
