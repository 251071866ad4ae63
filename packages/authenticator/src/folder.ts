import { constants } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { type Clock, hasErrorCode } from '@evenkeel/kernel'
import { type ClusterDocument, type KeysOfAccessKey, parseClusterDocument, parseSigningKeys } from './documents.ts'

export interface KnownCluster extends ClusterDocument {
  readonly secureContext: SecureContext
}

/** A file that cannot be read; what it said before stays in force. */
export interface Problem {
  readonly file: string
  readonly error: unknown
}

interface Loaded<T> {
  /** Inode, time and size: the keeper replaces files, it never writes into them. */
  readonly version: string
  readonly value: T
  /** Since when the file is not there any more (milliseconds since the epoch). */
  missingSinceMs?: number
}

/**
 * How long a cluster is known on whose file is gone. Whoever wipes what can be rendered again must not shut clusters
 * while keepers write file after file; a cluster that was deleted asks nobody any more.
 */
export const FORGET_AFTER_MS = 60_000

/** What keepers wrote, read again where it changed. */
export class Folder {
  readonly path: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #clusters = new Map<string, Loaded<KnownCluster>>()
  #accessKeys: Loaded<ReadonlyMap<string, KeysOfAccessKey>> | undefined
  #reading: Promise<readonly Problem[]> | undefined
  #readAgain = false

  constructor(path: string, clock: Pick<Clock, 'now'>) {
    this.path = path
    this.#clock = clock
  }

  cluster(id: string): KnownCluster | undefined {
    return this.#clusters.get(id)?.value
  }

  get clusterCount(): number {
    return this.#clusters.size
  }

  /** Whether keepers have told which access keys there are. */
  get hasSigningKeys(): boolean {
    return this.#accessKeys !== undefined
  }

  keysOf(accessKeyId: string): KeysOfAccessKey | undefined {
    return this.#accessKeys?.value.get(accessKeyId)
  }

  /** Reads what changed. Calls that overlap share one pass, and one more after it. Answers what could not be read. */
  refresh(): Promise<readonly Problem[]> {
    if (this.#reading !== undefined) {
      this.#readAgain = true
      return this.#reading
    }
    this.#reading = this.#passes().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #passes(): Promise<readonly Problem[]> {
    let problems: readonly Problem[]
    do {
      this.#readAgain = false
      problems = await this.#pass()
    } while (this.#readAgain)
    return problems
  }

  async #pass(): Promise<readonly Problem[]> {
    const problems: Problem[] = []
    const attempt = async (file: string, read: () => Promise<void>) => {
      try {
        await read()
      } catch (error) {
        if (!hasErrorCode(error, 'ENOENT')) problems.push({ file, error })
      }
    }
    const keysFile = join(this.path, 'signing-keys.json')
    await attempt(keysFile, async () => {
      this.#accessKeys = await load(keysFile, this.#accessKeys, parseSigningKeys)
    })
    const present = new Set<string>()
    const folder = join(this.path, 'clusters')
    await attempt(folder, async () => {
      for (const name of await readdir(folder))
        if (/^[^.].*\.json$/.test(name)) present.add(name.slice(0, -'.json'.length))
    })
    for (const id of present) {
      const file = join(folder, `${id}.json`)
      await attempt(file, async () => {
        this.#clusters.set(id, await load(file, this.#clusters.get(id), (text) => openCluster(text, id)))
      })
    }
    if (!problems.some(({ file }) => file === folder)) this.#forget(present)
    return problems
  }

  #forget(present: ReadonlySet<string>): void {
    const nowMs = this.#clock.now()
    for (const [id, cluster] of this.#clusters) {
      if (present.has(id)) {
        delete cluster.missingSinceMs
        continue
      }
      cluster.missingSinceMs ??= nowMs
      if (nowMs - cluster.missingSinceMs >= FORGET_AFTER_MS) this.#clusters.delete(id)
    }
  }
}

async function load<T>(file: string, known: Loaded<T> | undefined, parse: (text: string) => T): Promise<Loaded<T>> {
  const { mtimeMs, ino, size } = await stat(file)
  const version = `${ino}:${mtimeMs}:${size}`
  if (known?.version === version) return known
  return { version, value: parse(await readFile(file, 'utf8')) }
}

function openCluster(text: string, id: string): KnownCluster {
  const document = parseClusterDocument(text, id)
  const { serving, clientCertificateAuthority } = document
  const secureContext = createSecureContext({
    cert: serving.certificate,
    key: serving.key,
    ca: clientCertificateAuthority,
    minVersion: 'TLSv1.2',
    // A resumed session brings along a client certificate that another cluster's authority may have signed.
    secureOptions: constants.SSL_OP_NO_TICKET,
    sessionIdContext: id,
  })
  return { ...document, secureContext }
}
