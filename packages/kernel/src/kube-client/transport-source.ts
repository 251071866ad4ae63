import { filesStamp, type KubeConnection, loadKubeconfigFiles } from './connection.ts'
import { KubeTransport } from './transport.ts'

/** How often at most the kubeconfig's files are looked at for a change. */
const CHECK_INTERVAL_MS = 1000

/** The transport to use now: of a connection that stays, or of a kubeconfig that is read again when it changes. */
export class TransportSource {
  readonly #kubeconfig: string | undefined
  readonly #onReloadError: (error: unknown) => void
  #transport: KubeTransport | undefined
  #files: readonly string[] = []
  #stamp = ''
  #checkedAtMs = 0
  #loading: Promise<KubeTransport> | undefined

  constructor(source: KubeConnection | { readonly kubeconfig: string }, onReloadError: (error: unknown) => void) {
    this.#onReloadError = onReloadError
    if ('kubeconfig' in source) {
      this.#kubeconfig = source.kubeconfig
    } else {
      this.#transport = new KubeTransport(source)
    }
  }

  async current(): Promise<KubeTransport> {
    const path = this.#kubeconfig
    const isFresh = path === undefined || Date.now() - this.#checkedAtMs < CHECK_INTERVAL_MS
    if (this.#transport !== undefined && isFresh) {
      return this.#transport
    }
    this.#loading ??= this.#load(path ?? '').finally(() => {
      this.#checkedAtMs = Date.now()
      this.#loading = undefined
    })
    return await this.#loading
  }

  /** Lets go of idle connections. */
  close(): void {
    this.#transport?.close()
  }

  async #load(path: string): Promise<KubeTransport> {
    const stamp = await filesStamp(this.#files)
    if (this.#transport !== undefined && stamp === this.#stamp) {
      return this.#transport
    }
    try {
      const { connection, files } = await loadKubeconfigFiles(path)
      const transport = new KubeTransport(connection)
      // Taken before the files were read, so that a change in between is seen next time; a file that is named for the
      // first time has no such stamp, and is read once more.
      this.#stamp = files.join() === this.#files.join() ? stamp : ''
      this.#files = files
      this.#transport?.close()
      this.#transport = transport
      return transport
    } catch (error) {
      if (this.#transport === undefined) {
        throw error
      }
      this.#onReloadError(error)
      return this.#transport
    }
  }
}
