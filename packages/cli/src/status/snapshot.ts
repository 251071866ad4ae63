import type { MemberStatus } from '@evenkeel/contract/kinds'
import type { NodeGroupView } from '../node-group/index.ts'

/** One program of the installation, as the host sees it. */
export interface ProgramView {
  /** Such as `keeper-a`. */
  readonly name: string
  readonly place: string
  /** `absent`: the host knows nothing of it. */
  readonly state: 'running' | 'unsupervised' | 'starting' | 'stopped' | 'absent'
  readonly pid?: number
  /** Milliseconds since the epoch. */
  readonly startedAtMs?: number
}

/** A program that can be asked how it is. */
export interface AnsweringView extends ProgramView {
  readonly ready: boolean
  /** What its readiness says is missing, or why it does not answer. */
  readonly problems: readonly string[]
}

export interface KeeperView extends AnsweringView {
  /** It is the one that acts; the others stand by. */
  readonly acts: boolean
}

export interface TreeView {
  readonly place: string
  readonly isUp: boolean
}

export interface ClusterView {
  /** EKS name. */
  readonly name: string
  /** Twelve digits; absent where only the host knows the cluster. */
  readonly accountId?: string
  readonly id?: string
  readonly phase: string
  readonly version: string
  readonly kubernetesVersion?: string
  readonly etcdVersion?: string
  readonly endpoint?: string
  readonly network?: string
  readonly members: readonly MemberStatus[]
  /** What is not so and should be. */
  readonly waits: readonly string[]
  readonly tokensValidUntil?: string
  /** By name; none where neither home nor keeper answers. */
  readonly nodeGroups: readonly NodeGroupView[]
}

/** When certificates end, of one owner (RFC 3339). */
export interface CertificatesView {
  /** Such as `cluster demo`, `the home`, `the EKS API`. */
  readonly of: string
  /** The next one of them. */
  readonly nextExpiry: string
  /** Of the authorities that sign them: no certificate outlives those. */
  readonly authorityExpiry?: string
}

/** Everything that the one screen shows, gathered at one moment. */
export interface StatusSnapshot {
  readonly nowMs: number
  readonly region: string
  readonly accountId: string
  readonly serviceUrl: string
  readonly stateFolder: string
  /** Hosted clusters are simulated: nothing serves at their endpoints. */
  readonly simulated: boolean
  /** Disks that are all but full, by a folder on them. */
  readonly scarceDisks: readonly { readonly folder: string; readonly freeBytes: number }[]
  readonly trees: readonly TreeView[]
  readonly service: AnsweringView
  readonly home: {
    readonly ready: boolean
    readonly problems: readonly string[]
    readonly members: readonly ProgramView[]
    /** A kubeconfig of somebody else's Kubernetes, where the home is that. */
    readonly external?: string
  }
  readonly keepers: readonly KeeperView[]
  readonly authenticators: readonly ProgramView[]
  /**
   * `home`: as the home says. `keeper`: the home does not answer, the acting keeper does. `host`: neither, this is what
   * runs on the machine.
   */
  readonly clustersFrom: 'home' | 'keeper' | 'host'
  readonly clusters: readonly ClusterView[]
  readonly certificates: readonly CertificatesView[]
}

/** Whether everything is as it should be: decides the exit status. */
export function isWell(snapshot: StatusSnapshot): boolean {
  return (
    snapshot.scarceDisks.length === 0 &&
    snapshot.service.ready &&
    snapshot.home.ready &&
    snapshot.trees.every((tree) => tree.isUp) &&
    snapshot.keepers.some((keeper) => keeper.acts) &&
    snapshot.keepers.every((keeper) => keeper.ready) &&
    snapshot.clusters.every(isClusterWell)
  )
}

function isClusterWell({ phase, waits, nodeGroups }: ClusterView): boolean {
  return [{ phase, waits }, ...nodeGroups].every((one) => one.phase === 'ACTIVE' && one.waits.length === 0)
}
