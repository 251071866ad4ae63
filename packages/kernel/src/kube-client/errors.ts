/** The `details` of a Status of the Kubernetes API. */
export interface KubeErrorDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[]
  readonly retryAfterSeconds?: number
}

export interface KubeErrorInit {
  readonly status: number
  readonly reason: string
  readonly message: string
  readonly details?: KubeErrorDetails | undefined
  readonly retryAfterMs?: number | undefined
  readonly failedChecks?: readonly string[]
  readonly request: string
}

/** What a Kubernetes API answered instead of doing it. `message` is the server's own words. */
export class KubeError extends Error {
  /** HTTP status. */
  readonly status: number
  /** Of the Status object, such as `NotFound`; empty where the server gave none. */
  readonly reason: string
  readonly details: KubeErrorDetails
  /** How long the server asks us to wait. */
  readonly retryAfterMs: number | undefined
  /** Of a health page that says not ready: the names of the checks that failed, such as `etcd`. */
  readonly failedChecks: readonly string[]
  /** Method and path, such as `GET /api/v1/namespaces/x`. */
  readonly request: string

  constructor(init: KubeErrorInit) {
    super(init.message)
    this.name = 'KubeError'
    this.status = init.status
    this.reason = init.reason
    this.details = init.details ?? {}
    this.retryAfterMs = init.retryAfterMs
    this.failedChecks = init.failedChecks ?? []
    this.request = init.request
  }
}

/** No answer, or not a whole one: refused, reset, timed out, or no trust in the server's certificate. */
export class KubeConnectionError extends Error {
  /** Of the operating system or of Node, such as `ECONNREFUSED`; `TIMEOUT` for our own. */
  readonly code: string

  constructor(message: string, code: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'KubeConnectionError'
    this.code = code
  }
}

/** There is no kubeconfig yet: whoever makes the server writes it, and it is looked for again with every request. */
export class KubeconfigAbsentError extends KubeConnectionError {
  constructor(path: string) {
    super(`the kubeconfig ${path} is not there`, 'ENOENT')
    this.name = 'KubeconfigAbsentError'
  }
}

export function isNotFound(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 404
}

/** Somebody else changed it in between, or the name is taken; `isAlreadyExists` tells them apart. */
export function isConflict(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 409
}

export function isAlreadyExists(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 409 && error.reason === 'AlreadyExists'
}

export function isForbidden(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 403
}

/** Refused by a schema, a CEL rule or an admission policy. */
export function isInvalid(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 422
}

/** The resource version or continue token is too old: list again. */
export function isExpired(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 410
}

/**
 * kube-apiserver passes errors of etcd on as a 500 without a reason: no leader, no space, a lost connection. Worded so
 * by etcd 3.5 to 3.7 (`api/v3rpc/rpctypes/error.go`) and grpc.
 */
const STORAGE_FAULT =
  /^(etcdserver: |rpc error: |context deadline exceeded|error reading from server|no endpoints available)/

/** The server cannot answer now, whatever was asked: try again later. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof KubeConnectionError) {
    return true
  }
  if (!(error instanceof KubeError)) {
    return false
  }
  return (
    [429, 502, 503, 504].includes(error.status) ||
    error.reason === 'ServerTimeout' ||
    (error.status === 500 && STORAGE_FAULT.test(error.message))
  )
}

/** A KubeError from an answer that is not a success: a Status object, or whatever stands in for one. */
export function kubeErrorFrom(answer: {
  readonly status: number
  readonly body: string
  readonly retryAfterHeader: string | undefined
  readonly request: string
}): KubeError {
  const { status, body, request } = answer
  const told = parseStatus(body)
  const details = told.details ?? {}
  const headerSeconds = Number(answer.retryAfterHeader)
  const seconds = headerSeconds > 0 ? headerSeconds : details.retryAfterSeconds
  const failedChecks = failedChecksOf(body)
  const explanation =
    failedChecks.length > 0
      ? `: not ready are ${failedChecks.join(', ')}`
      : ` and no explanation: ${body.slice(0, 200)}`
  return new KubeError({
    status,
    reason: told.reason ?? '',
    message: told.message || `${request} was answered with HTTP status ${status}${explanation}`,
    details,
    failedChecks,
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
    request,
  })
}

/** Health pages of Kubernetes' programs and of etcd list all their checks, those that failed as `[-]name failed`. */
function failedChecksOf(body: string): string[] {
  return [...body.matchAll(/^\[-\](\S+)/gm)].flatMap(([, check]) => check ?? [])
}

interface StatusObject {
  readonly reason?: string
  readonly message?: string
  readonly details?: KubeErrorDetails
}

function parseStatus(body: string): StatusObject {
  try {
    const parsed: unknown = JSON.parse(body)
    const isStatus = typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status'
    return isStatus ? (parsed as StatusObject) : {}
  } catch {
    // Not JSON: a proxy's page, or plain text such as `404 page not found`.
    return {}
  }
}
