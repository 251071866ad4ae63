import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

export interface HttpGetOptions {
  /** PEM of the certificate authority, for https. */
  readonly ca?: string | undefined
  /** 2 s when not given. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** One GET without following anything; rejects where there is no whole answer in time. */
export function httpGet(url: string, options: HttpGetOptions = {}): Promise<HttpAnswer> {
  const { ca, timeoutMs = 2000 } = options
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline])
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest
    const request = send(url, { signal, agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    request.on('error', (error) =>
      reject(deadline.aborted ? new Error(`no answer in ${timeoutMs} ms`, { cause: error }) : error),
    )
    request.end()
  })
}

/** What a `/readyz` lacks: the checks that fail, without their marks; none when it is ready. */
export function failedChecks(answer: HttpAnswer): string[] {
  if (answer.status === 200) return []
  const failed = answer.body.split('\n').flatMap((line) => (line.startsWith('[-]') ? [line.slice(3)] : []))
  return failed.length === 0 ? [`answers with HTTP status ${answer.status}`] : failed
}

export interface Readiness {
  readonly ready: boolean
  /** What is missing, or why there is no answer. */
  readonly problems: readonly string[]
}

/** Asks `<base>/readyz`. Never throws for what does not answer. */
export async function askReadiness(base: string, options: HttpGetOptions = {}): Promise<Readiness> {
  try {
    const problems = failedChecks(await httpGet(`${base}/readyz`, options))
    return { ready: problems.length === 0, problems }
  } catch (error) {
    options.signal?.throwIfAborted()
    const why = error instanceof Error ? error.message : String(error)
    return { ready: false, problems: [`${base} does not answer: ${why}`] }
  }
}
