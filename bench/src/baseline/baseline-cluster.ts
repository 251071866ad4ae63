import { mkdirSync } from 'node:fs'
import type { ProbeAddress } from '@evenkeel/keeper/components'
import type { InstanceSpec } from '@evenkeel/substrate'
import { ask, askUntil, isReady, untilTaken } from '../requests.ts'
import { type PreparedCluster, type PrepareOptions, prepareCluster } from './prepare.ts'
import { type RunningProgram, startProgram, stopPrograms, writeFiles } from './programs.ts'

const DEADLINE_MS = 120_000

export interface BaselineOptions extends PrepareOptions {
  /** Absolute path of a program's executable, by name; HAProxy is the system's. */
  readonly binaryOf: (program: InstanceSpec['program']) => string
  /** Changes a rendered spec before it is started. */
  readonly adjust?: ((spec: InstanceSpec) => InstanceSpec) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A cluster of our own rendering that is started by hand: no supervision, no keeper, certificates made beforehand. */
export class BaselineCluster {
  readonly #options: BaselineOptions
  readonly #prepared: PreparedCluster
  #running: RunningProgram[] = []
  #stopped = new AbortController()
  #startedMs = Number.NaN

  private constructor(options: BaselineOptions, prepared: PreparedCluster) {
    this.#options = options
    this.#prepared = prepared
  }

  /** Makes certificates and files. Nothing runs yet. */
  static async prepare(options: BaselineOptions): Promise<BaselineCluster> {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    const prepared = await prepareCluster(options)
    const cluster = { ...prepared, specs: prepared.specs.map(options.adjust ?? ((spec) => spec)) }
    writeFiles(cluster)
    return new BaselineCluster(options, cluster)
  }

  get endpoint(): ProbeAddress {
    return this.#prepared.endpoint
  }

  get programs(): readonly RunningProgram[] {
    return this.#running
  }

  /**
   * Starts every program at once, but for those that are rendered to start after another. Over the volumes of an earlier
   * start it goes on where that one ended.
   */
  start(): void {
    this.#startedMs = performance.now()
    const stopped = new AbortController()
    this.#stopped = stopped
    for (const spec of this.#prepared.specs) {
      if (spec.startsAfter === undefined) this.#startNow(spec)
      else {
        void untilTaken(spec.startsAfter, stopped.signal).then(() => {
          if (!stopped.signal.aborted) this.#startNow(spec)
        })
      }
    }
  }

  #startNow(spec: InstanceSpec): void {
    const binary = spec.program.name === 'haproxy' ? 'haproxy' : this.#options.binaryOf(spec.program)
    this.#running.push(startProgram(spec, binary, `${this.#options.folder}/logs`))
  }

  /** Milliseconds since `start`. */
  sinceStart(): number {
    return Math.round(performance.now() - this.#startedMs)
  }

  async untilReady(): Promise<number> {
    return await this.#until('/readyz', [200], '/readyz through the endpoint')
  }

  async untilFirstWrite(namespace: string): Promise<number> {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    // Created by an attempt that seemed to fail counts, too.
    return await this.#until('/api/v1/namespaces', [201, 409], 'the first write', body)
  }

  async untilServiceAccount(namespace: string): Promise<number> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`
    return await this.#until(path, [200], `the default service account of namespace ${namespace}`)
  }

  async untilAllMembers(): Promise<number> {
    const notReady = new Set(this.#prepared.members)
    while (notReady.size > 0 && this.sinceStart() < DEADLINE_MS) {
      this.#options.signal?.throwIfAborted()
      const asked = await Promise.all([...notReady].map(async (member) => [member, await isReady(member)] as const))
      for (const [member, ready] of asked) {
        if (ready) {
          notReady.delete(member)
        }
      }
    }
    if (notReady.size > 0) {
      throw new Error(`not ready after ${DEADLINE_MS} ms: ${[...notReady].map((member) => member.name).join(', ')}`)
    }
    return this.sinceStart()
  }

  async #until(path: string, status: readonly number[], what: string, body?: object): Promise<number> {
    const { signal } = this.#options
    await askUntil(() => ask(this.endpoint, path, { body }), { deadlineMs: DEADLINE_MS, status, what, signal })
    return this.sinceStart()
  }

  /** Kills what `start` has started; the volumes stay. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    const running = this.#running
    this.#running = []
    await stopPrograms(running)
  }
}
