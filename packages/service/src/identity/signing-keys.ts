import { SIGNING_KEY_NAMESPACE } from '@evenkeel/contract/kinds'
import {
  type Clock,
  Informer,
  isNotFound,
  type KubeClient,
  type Logger,
  type Metrics,
  ReconcileLoop,
  type Reconciler,
  SECRETS,
  type Secret,
  type StepOutcome,
} from '@evenkeel/kernel'
import type { AccessKeys } from './access-keys.ts'
import {
  planSigningKeys,
  type SigningKeySnapshot,
  type SigningKeyStep,
  signingKeySecretName,
} from './signing-key-plan.ts'

export interface SigningKeysOptions {
  readonly client: KubeClient
  readonly accessKeys: AccessKeys
  readonly region: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const FIELD_MANAGER = 'evenkeel-service'

/** Keeps what authenticators verify tokens with in step with the access keys that are good. */
export class SigningKeys {
  readonly #options: SigningKeysOptions
  readonly #held: Informer<Secret>
  readonly #loop: ReconcileLoop<string, SigningKeySnapshot, SigningKeyStep>

  constructor(options: SigningKeysOptions) {
    const { client, accessKeys, clock, log, metrics } = options
    this.#options = options
    this.#held = new Informer<Secret>({ client, resource: SECRETS, namespace: SIGNING_KEY_NAMESPACE, clock, log })
    this.#loop = new ReconcileLoop({
      reconciler: this.#reconciler(),
      clock,
      log,
      metrics,
      describeKey: (accessKeyId) => ({ accessKeyId }),
    })
    accessKeys.subscribe((accessKeyId) => this.#loop.wake(accessKeyId))
    this.#held.subscribe((change) => this.#loop.wake(accessKeyIdOf(change.new ?? change.old)))
  }

  /** Works until `signal` is aborted. `accessKeys` must run as well. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#held.run(signal), this.#loop.run(signal), this.#wakeAllOnceLive(signal)])
  }

  /** What a copy on disk had told is looked at when the home has confirmed it: that tells no change. */
  async #wakeAllOnceLive(signal: AbortSignal): Promise<void> {
    const { accessKeys } = this.#options
    try {
      await Promise.all([accessKeys.waitForSync(signal), this.#held.waitForSync(signal)])
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    for (const accessKeyId of [...accessKeys.ids(), ...this.#held.list().map(accessKeyIdOf)]) {
      this.#loop.wake(accessKeyId)
    }
  }

  #reconciler(): Reconciler<string, SigningKeySnapshot, SigningKeyStep> {
    const { accessKeys, region, clock } = this.#options
    return {
      name: 'identity.signing-keys',
      observe: async (accessKeyId) => ({
        accessKeyId,
        accessKey: accessKeys.get(accessKeyId),
        held: this.#held.get(SIGNING_KEY_NAMESPACE, signingKeySecretName(accessKeyId)),
        isLive: accessKeys.isLive() && this.#held.synced === 'live',
        region,
        nowMs: clock.now(),
      }),
      plan: planSigningKeys,
      conditions: () => [],
      apply: (step) => this.#apply(step),
    }
  }

  async #apply(step: SigningKeyStep): Promise<StepOutcome> {
    const { client } = this.#options
    if (step.kind === 'WriteSigningKeys') {
      const written = await client.apply(SECRETS, step.secret, { fieldManager: FIELD_MANAGER, force: true })
      await this.#untilSeen(step.secret.metadata.name, (seen) => {
        return JSON.stringify(seen?.data) === JSON.stringify(written.data)
      })
      return { ok: true }
    }
    try {
      await client.delete(SECRETS, { namespace: SIGNING_KEY_NAMESPACE, name: step.name })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    await this.#untilSeen(step.name, (seen) => seen === undefined)
    return { ok: true }
  }

  /** Waits a moment for the informer to have caught up with our own write: else it would be planned again. */
  async #untilSeen(name: string, isSeen: (secret: Secret | undefined) => boolean): Promise<void> {
    for (let waitedMs = 0; waitedMs < 1000; waitedMs += 20) {
      if (isSeen(this.#held.get(SIGNING_KEY_NAMESPACE, name))) return
      await this.#options.clock.sleep(20)
    }
  }
}

/** By name, which is in lower case, the id would not be known: the Secret holds it. */
function accessKeyIdOf(secret: Secret): string {
  return Buffer.from(secret.data?.['accessKeyId'] ?? '', 'base64').toString('utf8')
}
