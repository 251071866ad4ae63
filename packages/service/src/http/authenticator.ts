import type { IncomingHttpHeaders } from 'node:http'

/** A request as it came over the wire: what its signature covers. */
export interface WireRequest {
  readonly method: string
  /** Path and query, still encoded as the client sent them. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** Who signed a request. */
export interface Caller {
  readonly accountId: string
  /** Such as `arn:aws:iam::000000000001:user/admin`; the user name under which writes reach the home. */
  readonly arn: string
  /** Groups of the home that the caller acts with, beside `system:authenticated`. */
  readonly groups: readonly string[]
  readonly accessKeyId: string
}

/** Says who signed a request. Throws EksFault with one of the common faults where nobody did that we know. */
export interface Authenticator {
  authenticate(request: WireRequest): Promise<Caller>
}
