import type { ClusterId, InstanceLayout, NetworkPlan, Zone } from '@evenkeel/substrate'
import type { ClusterKeys, LeafSet } from '../../pki/index.ts'

/** Everything that a control plane's programs, flags and files follow from: the same input gives the same rendering. */
export interface ControlPlaneInput {
  readonly clusterId: ClusterId
  /** The name that EKS callers know; of the home, `home`. */
  readonly eksName: string
  /** `hosted`: a user's cluster. `home`: the installation's own API server, trimmed, without controllers and webhook. */
  readonly kind: 'hosted' | 'home'
  /** Exact versions of the binaries, such as `v1.37.2` and `v3.7.3`. */
  readonly versions: { readonly kubernetes: string; readonly etcd: string }
  /** Minor that newer binaries are to behave as, such as `1.36`. */
  readonly emulatedVersion?: string
  /** Oldest minor that the data must stay readable for, such as `1.35`. */
  readonly minCompatibilityVersion?: string
  /** Which rendering: 1 is EKS's `eks.1`. */
  readonly platformRevision: number
  readonly network: NetworkPlan
  readonly topology: { readonly etcdZones: readonly Zone[]; readonly apiServerZones: readonly Zone[] }
  /** Such as `10.100.0.0/16`. */
  readonly serviceCidr: string
  readonly keys: ClusterKeys
  /** Issued for `leafPlan` of the same cluster. */
  readonly leaves: LeafSet
  /** By instance name. */
  readonly layout: (instance: string) => InstanceLayout
  /** Issuer of service-account tokens, `https://<endpoint>/oidc/<cluster id>`. */
  readonly oidcIssuer: string
  /** Where each API server has tokens verified, by its zone; absent where no tokens are (the home). */
  readonly authenticator:
    | {
        readonly urls: Readonly<Record<Zone, string>>
        /** Where the urls lead to the network's relay: to whom the endpoint's balancers pass on from there. */
        readonly behindRelay?: readonly { readonly host: string; readonly port: number }[]
      }
    | undefined
}

/** The part of the input that certificates follow from. */
export type LeafInput = Pick<ControlPlaneInput, 'clusterId' | 'kind' | 'network' | 'topology' | 'serviceCidr'>
