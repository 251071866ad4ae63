import { EksFault } from '@evenkeel/contract/eks'
import { CALLER_GROUP } from '@evenkeel/contract/kinds'
import type { Clock } from '@evenkeel/kernel'
import type { Authenticator, Caller, WireRequest } from '../http/index.ts'
import type { AccessKey, AccessKeys } from './access-keys.ts'
import { readSignature, requireSignatureOf } from './verify-request.ts'

export interface RequestAuthenticatorOptions {
  readonly accessKeys: Pick<AccessKeys, 'get' | 'isKnown'>
  readonly region: string
  readonly clock: Clock
}

/** A key that was made a moment ago is on its way to us: so long an unknown one is waited for. */
const PATIENCE_MS = 1000
const LOOK_INTERVAL_MS = 50
/** So many requests at once are let wait; others hear at once. Nobody needs a key to ask. */
const MOST_WAITING = 50

/** Verifies SigV4 against the access keys that the home holds. */
export class RequestAuthenticator implements Authenticator {
  readonly #options: RequestAuthenticatorOptions
  #waiting = 0

  constructor(options: RequestAuthenticatorOptions) {
    this.#options = options
  }

  async authenticate(request: WireRequest): Promise<Caller> {
    const { region, clock } = this.#options
    const signed = readSignature(request, { region, nowMs: clock.now() })
    if (request.headers['x-amz-security-token'] !== undefined) {
      throw new EksFault(
        'UnrecognizedClientException',
        'The request carries a session token, and none are issued here: unset AWS_SESSION_TOKEN.',
      )
    }
    const key = await this.#find(signed.accessKeyId)
    if (key === undefined) {
      throw new EksFault(
        'UnrecognizedClientException',
        `The access key ${signed.accessKeyId} is not known here: use credentials that this installation has issued.`,
      )
    }
    requireSignatureOf(key.secretAccessKey, signed)
    const { accountId, principalArn, accessKeyId } = key
    return { accountId, arn: principalArn, groups: [CALLER_GROUP], accessKeyId }
  }

  async #find(accessKeyId: string): Promise<AccessKey | undefined> {
    const { accessKeys, clock } = this.#options
    if (!accessKeys.isKnown()) {
      throw new EksFault(
        'ServiceUnavailableException',
        'The service has not heard from its home API server yet, so it knows no access keys: try again.',
      )
    }
    const untilMs = clock.now() + PATIENCE_MS
    let found = accessKeys.get(accessKeyId)
    if (found !== undefined || this.#waiting >= MOST_WAITING) return found
    this.#waiting += 1
    try {
      while (found === undefined && clock.now() < untilMs) {
        await clock.sleep(LOOK_INTERVAL_MS)
        found = accessKeys.get(accessKeyId)
      }
      return found
    } finally {
      this.#waiting -= 1
    }
  }
}
