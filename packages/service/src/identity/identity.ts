import type { Clock, KubeClient, Logger, Metrics } from '@evenkeel/kernel'
import type { Authenticator, Caller, WireRequest } from '../http/index.ts'
import { AccessKeys } from './access-keys.ts'
import { RequestAuthenticator } from './request-authenticator.ts'
import { SigningKeys } from './signing-keys.ts'

export interface IdentityOptions {
  /** Of the home. */
  readonly client: KubeClient
  readonly region: string
  /** Where copies of what the home said are kept, of mode 0600; none: they are not. */
  readonly mirrorFolder?: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** Who may sign requests: verifies them, and gives authenticators what they verify tokens with. */
export class Identity implements Authenticator {
  readonly #accessKeys: AccessKeys
  readonly #requests: RequestAuthenticator
  readonly #signingKeys: SigningKeys

  constructor(options: IdentityOptions) {
    this.#accessKeys = new AccessKeys(options)
    this.#requests = new RequestAuthenticator({ ...options, accessKeys: this.#accessKeys })
    this.#signingKeys = new SigningKeys({ ...options, accessKeys: this.#accessKeys })
  }

  authenticate(request: WireRequest): Promise<Caller> {
    return this.#requests.authenticate(request)
  }

  /** Follows the home until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#accessKeys.run(signal), this.#signingKeys.run(signal)])
  }

  /** Undefined when requests can be verified, else what is waited for. */
  problem(): string | undefined {
    return this.#accessKeys.isKnown() ? undefined : 'waits for the home API server to list users and access keys'
  }

  /** Resolves when requests can be verified: by what the home says, or by the copy of what it said. */
  async waitUntilKnown(signal: AbortSignal): Promise<void> {
    await this.#accessKeys.waitForSync(signal, { atLeast: 'mirror' })
  }
}
