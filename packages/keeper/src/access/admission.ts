import type { Clock } from '@evenkeel/kernel'
import type { ClusterId, ClusterRecords } from '@evenkeel/substrate'
import { clusterFile } from './documents.ts'
import type { AuthenticatorFolder } from './folder.ts'
import { parseSigningKeys, SIGNING_KEYS_RECORD, tokensValidUntil } from './signing-keys.ts'

/** Questions of other slices about what the authenticators know. */
export class AdmissionView {
  readonly #records: ClusterRecords
  readonly #folder: AuthenticatorFolder
  readonly #clock: Clock

  constructor(ports: { records: ClusterRecords; folder: AuthenticatorFolder; clock: Clock }) {
    this.#records = ports.records
    this.#folder = ports.folder
    this.#clock = ports.clock
  }

  async isAdmitted(id: ClusterId): Promise<boolean> {
    return (await this.#folder.read(clusterFile(id))) !== undefined
  }

  async tokensValidUntil(principalArn: string | undefined): Promise<string | undefined> {
    const record = await this.#records.read(SIGNING_KEYS_RECORD.cluster, SIGNING_KEYS_RECORD.name)
    return record === undefined
      ? undefined
      : tokensValidUntil(parseSigningKeys(record), principalArn, this.#clock.now())
  }
}

/** Ids that have a file with the authenticators, whether or not anything else is left of them. */
export async function admittedClusters(folder: AuthenticatorFolder): Promise<readonly ClusterId[]> {
  return (await folder.list()).flatMap((file) => /^clusters\/(.+)\.json$/.exec(file)?.[1] ?? [])
}
