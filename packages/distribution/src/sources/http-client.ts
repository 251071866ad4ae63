import { type Dispatcher, EnvHttpProxyAgent, interceptors } from 'undici'
import type { SiteTimeouts } from './site.ts'
import { SourceSkip } from './source.ts'

export type SiteResponse = Dispatcher.ResponseData

export interface SiteRequest {
  readonly method: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

const MAX_REDIRECTIONS = 5
/** The agent's timers may be a second late. */
const DEADLINE_SLACK_MS = 2_000

/**
 * HTTP to sites that may not be reachable: redirects followed, proxies of the environment used, and a host that gave no
 * answer once is not asked again, so that a machine without internet loses the time for it once.
 */
export class SiteClient {
  readonly #agent: EnvHttpProxyAgent
  readonly #dispatcher: Dispatcher
  readonly #timeouts: SiteTimeouts
  /** By origin: how its first request went; an error if there was no answer. */
  readonly #verdicts = new Map<string, Promise<SourceSkip | undefined>>()

  constructor(timeouts: SiteTimeouts, environment: NodeJS.ProcessEnv) {
    this.#timeouts = timeouts
    this.#agent = new EnvHttpProxyAgent({
      // Empty where not set: the agent would look into the process's own environment.
      httpProxy: environment.http_proxy ?? environment.HTTP_PROXY ?? '',
      httpsProxy: environment.https_proxy ?? environment.HTTPS_PROXY ?? '',
      noProxy: environment.no_proxy ?? environment.NO_PROXY ?? '',
      connectTimeout: timeouts.connectMs,
      headersTimeout: timeouts.idleMs,
      bodyTimeout: timeouts.idleMs,
      allowH2: false,
    })
    this.#dispatcher = this.#agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTIONS }))
  }

  /** An answer of any status. Throws `SourceSkip` where none comes. */
  async request(address: URL, request: SiteRequest): Promise<SiteResponse> {
    const { origin } = address
    const verdict = this.#verdicts.get(origin)
    if (verdict !== undefined) {
      const refusal = await verdict
      if (refusal !== undefined) throw refusal
      request.signal.throwIfAborted()
    }
    const answer = this.#ask(address, request)
    const outcome = answer.then(
      () => undefined,
      (error: unknown) => (error instanceof SourceSkip ? error : undefined),
    )
    if (verdict === undefined) this.#verdicts.set(origin, outcome)
    const refusal = await outcome
    if (refusal !== undefined) this.#verdicts.set(origin, Promise.resolve(refusal))
    return await answer
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #ask(address: URL, { method, headers, signal }: SiteRequest): Promise<SiteResponse> {
    // Above the agent's own limits, which do not cover every way to hang, such as a proxy that does not answer.
    const deadlineMs = this.#timeouts.connectMs + this.#timeouts.idleMs + DEADLINE_SLACK_MS
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${seconds(deadlineMs)}`)), deadlineMs)
    try {
      const response = await this.#dispatcher.request({
        origin: address.origin,
        path: address.pathname,
        method,
        headers: { 'user-agent': 'evenkeel', 'accept-encoding': 'identity', ...credentialsOf(address), ...headers },
        signal: AbortSignal.any([signal, deadline.signal]),
      })
      await refuseDowngrade(address, response)
      return response
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof SourceSkip) throw error
      throw new SourceSkip(`${address.host} gives no answer (${this.describeError(error)})`, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  /** What went wrong with a connection, as a phrase. */
  describeError(error: unknown): string {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    switch (code) {
      case 'UND_ERR_CONNECT_TIMEOUT':
        return `no connection within ${seconds(this.#timeouts.connectMs)}`
      case 'UND_ERR_HEADERS_TIMEOUT':
      case 'UND_ERR_BODY_TIMEOUT':
        return `no byte within ${seconds(this.#timeouts.idleMs)}`
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return `its name cannot be resolved: ${code}`
      default:
        return (error instanceof Error && error.message) || code || String(error)
    }
  }
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(plain).toString('base64')}` }
}

/** A digest that came without TLS would protect nothing. */
async function refuseDowngrade(address: URL, response: SiteResponse): Promise<void> {
  const { history } = (response.context ?? {}) as { history?: readonly URL[] }
  const insecure = history?.find((visited) => visited.protocol === 'http:')
  if (address.protocol !== 'https:' || insecure === undefined) return
  await response.body.dump()
  throw new SourceSkip(`${address.host} redirects to ${insecure.host} without TLS`)
}

function seconds(ms: number): string {
  return `${ms / 1000} s`
}
