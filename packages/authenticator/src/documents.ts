/** Signing keys of one access key: day (`20261124`) to derived key (32 bytes) in base64. */
export interface KeysOfAccessKey {
  readonly accessKeyId: string
  readonly principalArn: string
  readonly days: Readonly<Record<string, string>>
}

/** Who may come into a cluster, as whom. */
export interface Entry {
  readonly principalArn: string
  readonly username: string
  readonly groups: readonly string[]
}

/** What keepers wrote about one cluster, `clusters/<id>.json`. */
export interface ClusterDocument {
  readonly id: string
  /** EKS name, which tokens are made for. */
  readonly name: string
  readonly region: string
  /** PEM. */
  readonly serving: { readonly certificate: string; readonly key: string }
  /** PEM: who signed the certificate that this cluster's API servers show us. */
  readonly clientCertificateAuthority: string
  readonly entries: readonly Entry[]
  /** The keeper's own key, good for this cluster alone. */
  readonly probe: KeysOfAccessKey
}

/**
 * Checked by hand: a schema library would be a third of this process's memory. Messages name the member and never its
 * value, which may be a key.
 */
export function parseClusterDocument(text: string, id: string): ClusterDocument {
  const document = record(parseJson(text), 'the file')
  if (document['id'] !== id) throw new Error('it is of another cluster than its name says')
  const serving = record(document['serving'], 'serving')
  return {
    id,
    name: textOf(document, 'name'),
    region: textOf(document, 'region'),
    serving: { certificate: textOf(serving, 'certificate'), key: textOf(serving, 'key') },
    clientCertificateAuthority: textOf(document, 'clientCertificateAuthority'),
    entries: list(document['entries'], 'entries').map((entry) => {
      const { groups } = record(entry, 'an entry')
      const names = list(groups, 'groups of an entry').map((group) => requireText(group, 'a group of an entry'))
      return { principalArn: textOf(entry, 'principalArn'), username: textOf(entry, 'username'), groups: names }
    }),
    probe: keysOf(document['probe'], 'probe'),
  }
}

/** Of `signing-keys.json`, by access key. */
export function parseSigningKeys(text: string): ReadonlyMap<string, KeysOfAccessKey> {
  const keys = list(record(parseJson(text), 'the file')['keys'], 'keys').map((one) => keysOf(one, 'a key'))
  return new Map(keys.map((key) => [key.accessKeyId, key]))
}

function keysOf(value: unknown, what: string): KeysOfAccessKey {
  const days = record(record(value, what)['days'], `days of ${what}`)
  for (const day of Object.keys(days)) {
    // One of another length would let nobody in and say that the token is wrong.
    if (!/^\d{8}$/.test(day) || Buffer.from(textOf(days, day), 'base64').length !== 32) {
      throw new Error(`days of ${what} must be keys of 32 bytes by day`)
    }
  }
  const { accessKeyId, principalArn } = value as KeysOfAccessKey
  return {
    accessKeyId: requireText(accessKeyId, `accessKeyId of ${what}`),
    principalArn: requireText(principalArn, `principalArn of ${what}`),
    days: days as Readonly<Record<string, string>>,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without the cause: it quotes what it could not read, which may be a key.
    throw new Error('it is not JSON')
  }
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} must be an object`)
  return value as Readonly<Record<string, unknown>>
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} must be a list`)
  return value
}

function textOf(value: unknown, member: string): string {
  return requireText(record(value, 'it')[member], member)
}

function requireText(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${what} must be a text`)
  return value
}
