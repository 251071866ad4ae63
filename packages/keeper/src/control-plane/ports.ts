import type { Clock } from '@evenkeel/kernel'
import type { ClusterId, EndpointSpec, InstanceSpec, NetworkPlan, Substrate } from '@evenkeel/substrate'
import type { Intent } from '../intent/index.ts'
import type { ClusterObject } from './components/index.ts'
import type { ProbeKey, Release } from './facts.ts'
import type { LeavesState, Probes, ProgramsState, Topology } from './snapshot.ts'

/** Everything that this slice reaches the world with. Given by the composition root. */
export interface ControlPlanePorts {
  readonly substrate: Substrate
  readonly clock: Clock
  /** Which exact versions a minor means today; undefined where it is not offered. */
  offeredRelease(minor: string): Release | undefined
  readonly programs: Programs
  readonly blueprint: Blueprint
  readonly prober: Prober
  readonly objects: ObjectWriter
  readonly admission: Admission
  readonly homeAccess: HomeAccess
  /** Nothing of a cluster is left: its object (namespace/name in the home) is free to go. */
  released(id: ClusterId, object: string): void
}

/** Upstream's binaries on this machine. */
export interface Programs {
  observe(release: Release): Promise<ProgramsState>
  /** Begins to bring them here and returns at once. After a failure `observe` says `failed` for a while, then `absent`. */
  request(release: Release): void
}

/** What decides how a control plane looks. */
export interface BlueprintInput {
  readonly id: ClusterId
  readonly intent: Intent
  readonly topology: Topology
  readonly network: NetworkPlan
  /** Content of the records, as `makeKeys` and `issueLeaves` have made it. */
  readonly keys: string
}

/** `leaves`: content of their record. */
export interface RenderInput extends BlueprintInput {
  readonly leaves: string
  readonly release: Release
}

/** What of a control plane is computed, not observed: keys, certificates, flags and files. No I/O. */
export interface Blueprint {
  /** Content of the record of keys: new ones each time. */
  makeKeys(input: { readonly id: ClusterId; readonly intent: Intent; readonly nowMs: number }): Promise<string>
  /** PEM of the authority that signs the API servers' certificates. */
  caCertificate(keys: string): string
  /** All certificates; of those on record (`recorded`), the ones that are still good are kept. */
  issueLeaves(input: BlueprintInput, recorded: string | undefined, nowMs: number): Promise<string>
  examineLeaves(input: BlueprintInput, leaves: string, nowMs: number): LeavesState
  render(input: RenderInput): {
    readonly instances: readonly InstanceSpec[]
    readonly endpoint: EndpointSpec | undefined
    readonly objects: readonly ClusterObject[]
  }
  /** Where members and the client's path are asked how they are. */
  probeTargets(input: RenderInput): { readonly members: readonly AskedMember[]; readonly endpoint: AskedMember }
  /** Of the home: kubeconfigs, by file name. */
  homeAccessFiles(input: RenderInput): ReadonlyMap<string, string>
}

/** Somebody who is asked over TLS how it is. Certificates and keys are PEM. */
export interface AskedMember {
  /** Instance name. */
  readonly name: string
  readonly component: string
  readonly host: string
  readonly port: number
  /** `GET` is to be answered with 200. Absent: the handshake itself is the answer. */
  readonly path?: string
  /** Name that the certificate is checked for. */
  readonly serverName: string
  readonly caCertificate: string
  /** Who asks, where members let in only whom they know. */
  readonly client?: { readonly certificate: string; readonly key: string }
}

export interface ProbeTarget {
  readonly id: ClusterId
  readonly kind: Intent['kind']
  /** EKS name: tokens are for one name. */
  readonly eksName: string
  readonly members: readonly AskedMember[]
  readonly endpoint: AskedMember
  readonly probeKey: ProbeKey
  readonly objects: readonly ClusterObject[]
}

/** Asks members and the client's path how they are. Never throws for what does not answer. */
export interface Prober {
  /** `creating`: somebody waits for every fraction of a second. `keeping`: some answers may be a while old. */
  probe(target: ProbeTarget, pace: 'creating' | 'keeping'): Promise<Probes>
  /** Lets go of connections to a cluster. */
  forget(id: ClusterId): void
}

/** Writes objects of hosted clusters, as the keeper. Throws NotReady where the cluster does not take them. */
export interface ObjectWriter {
  write(endpoint: AskedMember, objects: readonly ClusterObject[]): Promise<void>
}

/** Whom the authenticators know. */
export interface Admission {
  isAdmitted(id: ClusterId): Promise<boolean>
  /** Facts that admission is made of have changed. */
  wake(id: ClusterId): void
  /** Until when tokens of a principal can be verified with nobody's help (RFC 3339). */
  tokensValidUntil(principalArn: string | undefined): Promise<string | undefined>
}

/** How the service, the keepers and the user reach the home. */
export interface HomeAccess {
  read(file: string): Promise<string | undefined>
  write(file: string, content: string): Promise<void>
  /** Lets the service install what it needs, with the rights of whoever made the home. */
  grantRights(): Promise<void>
}
