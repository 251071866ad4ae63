import { join } from 'node:path'
import { accessKeySecretName, userArn } from '@evenkeel/contract/identity'
import { IDENTITY_NAMESPACE, USERS, type User } from '@evenkeel/contract/kinds'
import { type Clock, Informer, type KubeClient, type Logger, SECRETS, type Secret } from '@evenkeel/kernel'

/** An access key that is good, and whose it is. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Such as `arn:aws:iam::000000000001:user/admin`. */
  readonly principalArn: string
  readonly accountId: string
  readonly userName: string
}

export interface AccessKeysOptions {
  readonly client: KubeClient
  /** Where copies of what the home said are kept, of mode 0600; none: they are not. */
  readonly mirrorFolder?: string
  readonly clock: Clock
  readonly log: Logger
}

const BY_ACCESS_KEY = 'access-key'

/**
 * Knows every access key. One is good when its Secret is there, and the User whom the Secret names lists it: taking it
 * off the User, or the User away, ends it.
 */
export class AccessKeys {
  readonly #users: Informer<User>
  readonly #secrets: Informer<Secret>

  constructor({ client, mirrorFolder, clock, log }: AccessKeysOptions) {
    const kept = (file: string) => (mirrorFolder === undefined ? {} : { mirrorFile: join(mirrorFolder, file) })
    this.#users = new Informer<User>({ client, resource: USERS, clock, log, ...kept('users.json') })
    const secrets = { resource: SECRETS, namespace: IDENTITY_NAMESPACE }
    this.#secrets = new Informer<Secret>({ client, clock, log, ...secrets, ...kept('access-keys.json') })
    this.#users.index(BY_ACCESS_KEY, ({ spec }) => spec.accessKeyIds)
  }

  get(accessKeyId: string): AccessKey | undefined {
    const secret = this.#secrets.get(IDENTITY_NAMESPACE, accessKeySecretName(accessKeyId))
    if (secret === undefined || textOf(secret, 'accessKeyId') !== accessKeyId) return undefined
    const secretAccessKey = textOf(secret, 'secretAccessKey')
    if (secretAccessKey === '') return undefined
    for (const { metadata, spec } of this.#users.byIndex(BY_ACCESS_KEY, accessKeyId)) {
      const accountId = /^account-([0-9]{12})$/.exec(metadata.namespace ?? '')?.[1]
      const { userName } = spec
      if (accountId === undefined) continue
      const principalArn = userArn(accountId, userName)
      // Whoever may write Users of one account does not get at the keys of another by naming them.
      if (textOf(secret, 'userArn') === principalArn) {
        return { accessKeyId, secretAccessKey, principalArn, accountId, userName }
      }
    }
    return undefined
  }

  /** Ids of all keys that have a Secret, good or not. */
  ids(): readonly string[] {
    return this.#secrets.list().map((secret) => textOf(secret, 'accessKeyId'))
  }

  /** Whether anything is known: from the home, or from the copy of what it said. */
  isKnown(): boolean {
    return this.#users.synced !== 'none' && this.#secrets.synced !== 'none'
  }

  /** Whether the home itself has said what is known, and not an older copy. */
  isLive(): boolean {
    return this.#users.synced === 'live' && this.#secrets.synced === 'live'
  }

  /** Tells the ids of access keys that may have come, changed or gone. */
  subscribe(listener: (accessKeyId: string) => void): void {
    this.#secrets.subscribe((change) => {
      for (const secret of [change.old, change.new]) {
        if (secret !== undefined) listener(textOf(secret, 'accessKeyId'))
      }
    })
    this.#users.subscribe((change) => {
      for (const id of [...(change.old?.spec.accessKeyIds ?? []), ...(change.new?.spec.accessKeyIds ?? [])])
        listener(id)
    })
  }

  /** Follows the home until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#users.run(signal), this.#secrets.run(signal)])
  }

  async waitForSync(signal: AbortSignal, options: { readonly atLeast?: 'mirror' | 'live' } = {}): Promise<void> {
    await Promise.all([this.#users.waitForSync(signal, options), this.#secrets.waitForSync(signal, options)])
  }
}

function textOf(secret: Secret, name: string): string {
  return Buffer.from(secret.data?.[name] ?? '', 'base64').toString('utf8')
}
