import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clusterToken } from '@evenkeel/contract/sigv4'
import { parse } from 'yaml'
import type { Installation } from './installation.ts'

/** What a client of a cluster does all the time. `token`: a read with a token that no server has seen before. */
export type Stream = 'read' | 'readAnew' | 'token' | 'watch' | 'write'

/** One request that was not answered as it should have been. Times are of `performance.now()`. */
export interface ProbeError {
  readonly stream: Stream
  readonly begunMs: number
  readonly failedMs: number
  /** When the connection that carried it was opened; absent for one that could not be opened. */
  readonly connectedMs?: number
  /** Status of the answer; absent when the connection broke before there was one. */
  readonly status?: number
  readonly what: string
}

/** Milliseconds between the requests of a stream; the next one is sent whether or not the last one was answered. */
const PACE_MS = { read: 50, readAnew: 100, token: 1000, write: 100 } as const
/** Beyond what an election of etcd takes. */
const PATIENCE_MS = 10_000
const NAMESPACE = 'probed'

export interface ProbedCluster {
  readonly host: string
  readonly port: number
  readonly caCertificate: string
  readonly eksName: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** What a user of a cluster has: its context in the kubeconfig of `env`, and the access key that `up` made. */
export function probedCluster(evenkeel: Installation, eksName: string): ProbedCluster {
  const { clusters } = parse(readFileSync(join(evenkeel.home, 'kube', 'config'), 'utf8')) as Kubeconfig
  const found = clusters.find(({ name }) => name === eksName)?.cluster
  if (found === undefined) throw new Error(`there is no cluster ${eksName} in the kubeconfig`)
  return addressed(evenkeel, {
    eksName,
    endpoint: found.server,
    certificateAuthority: found['certificate-authority-data'],
  })
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly name: string
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string }
  }[]
}

/** The same of a cluster as DescribeCluster has it: `certificateAuthority` in base64. */
export function addressed(
  evenkeel: Installation,
  cluster: { readonly eksName: string; readonly endpoint: string; readonly certificateAuthority: string },
): ProbedCluster {
  const { hostname: host, port } = new URL(cluster.endpoint)
  const { region, credentials } = evenkeel.access()
  return {
    host,
    port: Number(port),
    caCertificate: Buffer.from(cluster.certificateAuthority, 'base64').toString(),
    eksName: cluster.eksName,
    region,
    credentials,
  }
}

/**
 * A client that tries nothing again, save what a server that is leaving tells it to (429 with Retry-After, which every
 * Kubernetes client heeds): it reads, writes, shows new tokens and watches, steadily, through the endpoint of a cluster,
 * and keeps a record of everything that goes wrong.
 */
export class Prober {
  readonly errors: ProbeError[] = []
  /** Requests that were answered as they should have been. */
  readonly answered: Record<Stream, number> = { read: 0, readAnew: 0, token: 0, watch: 0, write: 0 }
  /** How often a server has told us to come again. */
  toldToComeAgain = 0
  /** The longest that a good answer has taken, in milliseconds. */
  slowestMs = 0
  readonly #cluster: ProbedCluster
  readonly #agents = { read: keptAgent(), write: keptAgent() }
  readonly #connectedMs = new WeakMap<Socket, number>()
  readonly #end = new AbortController()
  #streams: Promise<unknown> = Promise.resolve()
  #written = 0
  #watched = 0
  #watch: ClientRequest | undefined

  constructor(cluster: ProbedCluster) {
    this.#cluster = cluster
  }

  /** Begins; at the end of the call the first request of every stream has been answered. */
  async start(): Promise<void> {
    await this.#ask({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: NAMESPACE } }, may: 409 })
    const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`
    await this.#ask({ method: 'POST', path, body: { metadata: { name: 'counter' } }, may: 409 })
    const read = { method: 'GET', path: `${path}/counter` } as const
    let count = 0
    const write = async () => {
      count += 1
      const body = { data: { count: `${count}` } }
      const written = count
      await this.#ask({ method: 'PATCH', path: `${path}/counter`, body, agent: this.#agents.write })
      this.#written = Math.max(this.#written, written)
    }
    this.#streams = Promise.all([
      this.#repeat('read', () => this.#ask({ ...read, agent: this.#agents.read })),
      this.#repeat('readAnew', () => this.#ask(read)),
      this.#repeat('token', () => this.#ask({ ...read, isNewToken: true })),
      this.#repeat('write', write),
      this.#keepWatching(`${path}?watch=1&fieldSelector=metadata.name=counter`),
    ])
    await this.untilAnswered()
  }

  /** Waits until every stream has had another good answer, and the watch has shown what is written by then. */
  async untilAnswered(deadlineMs = 20_000): Promise<void> {
    const before = { ...this.answered }
    const written = this.#written
    const endMs = performance.now() + deadlineMs
    for (;;) {
      const late = (Object.keys(before) as Stream[]).filter((stream) => this.answered[stream] <= before[stream])
      if (late.length === 0 && this.#watched >= written) return
      if (performance.now() > endMs) {
        throw new Error(
          `no good answer of ${late.join(', ') || 'the watch'} in ${deadlineMs} ms\n${this.#lastErrors()}`,
        )
      }
      await sleep(20)
    }
  }

  async stop(): Promise<void> {
    this.#end.abort()
    this.#watch?.destroy()
    await this.#streams
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  #lastErrors(): string {
    return this.errors
      .slice(-5)
      .map(({ stream, what }) => `${stream}: ${what}`)
      .join('\n')
  }

  async #repeat(stream: keyof typeof PACE_MS, once: () => Promise<void>): Promise<void> {
    const { signal } = this.#end
    const open = new Set<Promise<void>>()
    while (!signal.aborted) {
      const request = this.#try(stream, once).finally(() => open.delete(request))
      open.add(request)
      await sleep(PACE_MS[stream], undefined, { signal }).catch(() => undefined)
    }
    await Promise.all(open)
  }

  async #try(stream: keyof typeof PACE_MS, once: () => Promise<void>): Promise<void> {
    const begunMs = performance.now()
    try {
      await once()
      this.answered[stream] += 1
      this.slowestMs = Math.max(this.slowestMs, performance.now() - begunMs)
    } catch (error) {
      this.#record(stream, begunMs, error)
    }
  }

  /** A watch that ends is begun anew where it ended: what it has shown last may not come again, and none be left out. */
  async #keepWatching(path: string): Promise<void> {
    while (!this.#end.signal.aborted) {
      const begunMs = performance.now()
      try {
        await this.#watchOnce(path)
      } catch (error) {
        this.#record('watch', begunMs, error)
        await sleep(20)
      }
    }
  }

  async #watchOnce(path: string): Promise<void> {
    const call = this.#call({ method: 'GET', path })
    this.#watch = call
    const socket = this.#socketOf(call)
    call.end()
    try {
      const response = await answerOf(call)
      if (response.statusCode !== 200) throw new Refusal(response.statusCode ?? 0, await textOf(response))
      let rest = ''
      for await (const part of response.setEncoding('utf8')) {
        const lines = `${rest}${part as string}`.split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) this.#see(line)
      }
    } catch (error) {
      throw new Broken(error, this.#connected(await socket))
    }
    // It has ended in good order, as at the end of a server's life: a client goes on elsewhere, and is served there.
  }

  #see(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: { data?: { count?: string } } }
    if (type === 'ERROR') throw new Error(line)
    this.#watched = Math.max(this.#watched, Number(object.data?.count ?? 0))
    this.answered.watch += 1
  }

  async #ask(wish: Wish): Promise<void> {
    for (;;) {
      const pauseSeconds = await this.#askOnce(wish)
      if (pauseSeconds === undefined) return
      this.toldToComeAgain += 1
      await sleep(pauseSeconds * 1000)
    }
  }

  /** Answers after how many seconds to come again, if that is what the server says. */
  async #askOnce(wish: Wish): Promise<number | undefined> {
    const call = this.#call(wish)
    const socket = this.#socketOf(call)
    call.setTimeout(PATIENCE_MS, () => call.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)))
    call.end(wish.body === undefined ? undefined : JSON.stringify(wish.body))
    try {
      const response = await answerOf(call)
      const text = await textOf(response)
      const status = response.statusCode ?? 0
      const retryAfter = response.headers['retry-after']
      if (status === 429 && retryAfter !== undefined) return Number(retryAfter)
      if ((status < 200 || status >= 300) && status !== wish.may) throw new Refusal(status, text)
      return undefined
    } catch (error) {
      throw new Broken(error, this.#connected(await socket))
    }
  }

  #call({ method, path, body, agent, isNewToken }: Wish): ClientRequest {
    const { host, port, caCertificate } = this.#cluster
    return request({
      host,
      port,
      path,
      method,
      agent: agent ?? false,
      ca: caCertificate,
      headers: {
        authorization: `Bearer ${isNewToken ? this.#newToken() : this.#token}`,
        ...(body === undefined
          ? {}
          : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }),
      },
    })
  }

  #knownToken: { readonly token: string; readonly untilMs: number } | undefined

  /** As kubectl keeps it: made anew a while before it expires. */
  get #token(): string {
    if (this.#knownToken === undefined || this.#knownToken.untilMs < Date.now()) {
      this.#knownToken = { token: this.#newToken(), untilMs: Date.now() + 10 * 60_000 }
    }
    return this.#knownToken.token
  }

  #newToken(): string {
    const { eksName, region, credentials } = this.#cluster
    return clusterToken({ clusterName: eksName, region, credentials, nowMs: Date.now() })
  }

  /** The connection of a request, once it has one that is open; undefined when it never gets there. */
  async #socketOf(call: ClientRequest): Promise<Socket | undefined> {
    const assigned = once(call, 'socket').then(([socket]) => socket as Socket)
    const socket = await Promise.race([assigned, once(call, 'close').then(() => undefined)]).catch(() => undefined)
    if (socket !== undefined && !this.#connectedMs.has(socket)) {
      if (socket.connecting) socket.once('connect', () => this.#connectedMs.set(socket, performance.now()))
      else this.#connectedMs.set(socket, performance.now())
    }
    return socket
  }

  #connected(socket: Socket | undefined): number | undefined {
    return socket === undefined ? undefined : this.#connectedMs.get(socket)
  }

  #record(stream: Stream, begunMs: number, error: unknown): void {
    if (this.#end.signal.aborted) return
    const { cause, connectedMs } = error instanceof Broken ? error : { cause: error, connectedMs: undefined }
    const status = cause instanceof Refusal ? cause.status : undefined
    this.errors.push({
      stream,
      begunMs,
      failedMs: performance.now(),
      ...(connectedMs === undefined ? {} : { connectedMs }),
      ...(status === undefined ? {} : { status }),
      what: cause instanceof Error ? cause.message : String(cause),
    })
  }
}

interface Wish {
  readonly method: 'GET' | 'PATCH' | 'POST'
  readonly path: string
  readonly body?: object
  /** Keeps connections; a connection of its own unless given. */
  readonly agent?: Agent
  readonly isNewToken?: boolean
  /** A status that is fine, too. */
  readonly may?: number
}

/** An answer that is no success. */
class Refusal extends Error {
  readonly status: number

  constructor(status: number, body: string) {
    super(`${status} ${body.slice(0, 300)}`)
    this.status = status
  }
}

/** Something went wrong, on a connection that was opened then. */
class Broken extends Error {
  readonly connectedMs: number | undefined

  constructor(cause: unknown, connectedMs: number | undefined) {
    super('broken', { cause })
    this.connectedMs = connectedMs
  }
}

function keptAgent(): Agent {
  return new Agent({ keepAlive: true })
}

async function answerOf(call: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  return response
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part as string
  return text
}
