import { clusterToken } from '@evenkeel/contract/sigv4'
import type { AccessKey } from './aws-files.ts'

/** A client asks for a new token a minute before the cluster refuses the old one (after 15 minutes). */
const SHOWN_LIFETIME_MS = 14 * 60_000

/** What kubectl reads from the standard output of an exec plugin. */
export interface ExecCredential {
  readonly kind: 'ExecCredential'
  readonly apiVersion: string
  readonly spec: Record<string, never>
  readonly status: { readonly expirationTimestamp: string; readonly token: string }
}

const API_VERSION = 'client.authentication.k8s.io/v1'

export interface TokenRequest {
  /** EKS name. */
  readonly cluster: string
  readonly region: string
  readonly key: AccessKey
  readonly nowMs: number
  /** KUBERNETES_EXEC_INFO, in which kubectl says which version of the answer it reads. */
  readonly execInfo: string | undefined
}

/** The same token as `aws eks get-token` makes; nobody is called for it. Pure. */
export function execCredential(request: TokenRequest): ExecCredential {
  const { cluster, region, key, nowMs } = request
  return {
    kind: 'ExecCredential',
    apiVersion: askedVersion(request.execInfo) ?? API_VERSION,
    spec: {},
    status: {
      expirationTimestamp: `${new Date(nowMs + SHOWN_LIFETIME_MS).toISOString().slice(0, 19)}Z`,
      token: clusterToken({ clusterName: cluster, region, credentials: key, nowMs }),
    },
  }
}

function askedVersion(execInfo: string | undefined): string | undefined {
  if (execInfo === undefined) return undefined
  try {
    const { apiVersion } = JSON.parse(execInfo) as { apiVersion?: unknown }
    return typeof apiVersion === 'string' ? apiVersion : undefined
  } catch {
    // Not from kubectl: answered in the version that all kubectls read.
    return undefined
  }
}
