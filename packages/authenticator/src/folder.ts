import { watch } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'

/** Signing keys of one access key: day (`20261124`) to derived key in base64. */
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
interface ClusterDocument {
  readonly id: string
  /** EKS name, which tokens are made for. */
  readonly name: string
  readonly region: string
  readonly serving: { readonly certificate: string; readonly key: string }
  /** PEM: who signed the certificate that this cluster's API servers show us. */
  readonly clientCertificateAuthority: string
  readonly entries: readonly Entry[]
  readonly probe: KeysOfAccessKey
}

export interface KnownCluster extends ClusterDocument {
  readonly secureContext: SecureContext
}

/** Everything that the authenticator knows at one moment. */
export interface Knowledge {
  readonly clusters: ReadonlyMap<string, KnownCluster>
  readonly accessKeys: ReadonlyMap<string, KeysOfAccessKey>
}

export interface Problem {
  readonly file: string
  readonly error: unknown
}

interface Loaded<T> {
  /** Modification time and inode: the keeper replaces files, it never writes into them. */
  readonly version: string
  readonly value: T
}

/**
 * What keepers wrote, read again when it changes. A folder that vanishes (somebody wiped what can be rendered again)
 * changes nothing: what was known stays known until files say otherwise, since clusters go on asking. A cluster is
 * forgotten when its file is gone while the folder is there.
 */
export class Folder {
  readonly #path: string
  readonly #clusters = new Map<string, Loaded<KnownCluster>>()
  #accessKeys: Loaded<ReadonlyMap<string, KeysOfAccessKey>> | undefined
  #reading: Promise<readonly Problem[]> | undefined
  #readAgain = false

  constructor(path: string) {
    this.#path = path
  }

  cluster(id: string): KnownCluster | undefined {
    return this.#clusters.get(id)?.value
  }

  get clusterCount(): number {
    return this.#clusters.size
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

  /**
   * Refreshes at every change and every few seconds besides: a watch is lost with the folder that it watches.
   * `report` is told of each problem once, until it changes.
   */
  follow(signal: AbortSignal, report: (problem: Problem) => void): void {
    const told = new Map<string, string>()
    const refresh = async () => {
      const problems = await this.refresh()
      const files = new Set(problems.map(({ file }) => file))
      for (const file of told.keys()) if (!files.has(file)) told.delete(file)
      for (const problem of problems) {
        const text = String(problem.error)
        if (told.get(problem.file) === text) continue
        told.set(problem.file, text)
        report(problem)
      }
    }
    const watchers = new Map<string, { close(): void }>()
    const closeAll = () => {
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    }
    const watchFolder = (path: string) => {
      if (watchers.has(path)) return
      try {
        const watcher = watch(path, { persistent: false }, () => void refresh())
        watcher.once('error', () => {
          watcher.close()
          watchers.delete(path)
        })
        watchers.set(path, watcher)
      } catch {
        // Not there yet: the timer below comes back to it.
      }
    }
    const timer = setInterval(() => {
      // A folder that was removed and made again is another one: a watch on the old one stays silent for ever.
      closeAll()
      watchFolder(this.#path)
      watchFolder(join(this.#path, 'clusters'))
      void refresh()
    }, RESCAN_MS)
    watchFolder(this.#path)
    watchFolder(join(this.#path, 'clusters'))
    signal.addEventListener('abort', () => {
      clearInterval(timer)
      closeAll()
    })
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
        if (!isMissing(error)) problems.push({ file, error })
      }
    }
    const keysFile = join(this.#path, 'signing-keys.json')
    await attempt(keysFile, async () => {
      this.#accessKeys = await load(keysFile, this.#accessKeys, (content) => {
        const { keys } = JSON.parse(content) as { keys: KeysOfAccessKey[] }
        return new Map(keys.map((key) => [key.accessKeyId, key]))
      })
    })
    const folder = join(this.#path, 'clusters')
    await attempt(folder, async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
      const present = new Set(names.map((name) => name.slice(0, -'.json'.length)))
      for (const id of present) {
        const file = join(folder, `${id}.json`)
        await attempt(file, async () => {
          this.#clusters.set(id, await load(file, this.#clusters.get(id), parseCluster))
        })
      }
      for (const id of this.#clusters.keys()) if (!present.has(id)) this.#clusters.delete(id)
    })
    return problems
  }
}

const RESCAN_MS = 2000

async function load<T>(file: string, known: Loaded<T> | undefined, parse: (content: string) => T): Promise<Loaded<T>> {
  const { mtimeMs, ino, size } = await stat(file)
  const version = `${ino}:${mtimeMs}:${size}`
  if (known?.version === version) return known
  return { version, value: parse(await readFile(file, 'utf8')) }
}

function parseCluster(content: string): KnownCluster {
  const document = JSON.parse(content) as ClusterDocument
  const { serving, clientCertificateAuthority } = document
  const secureContext = createSecureContext({
    cert: serving.certificate,
    key: serving.key,
    ca: clientCertificateAuthority,
    minVersion: 'TLSv1.2',
  })
  return { ...document, secureContext }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
