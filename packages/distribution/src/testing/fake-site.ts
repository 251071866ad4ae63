import { readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sha256 } from './upstream.ts'

/** What goes wrong with requests for a file. */
export type SiteFault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** Accepts the request, and never answers. */
  | { readonly kind: 'silent' }
  /** Sends so many bytes of what was asked, and then no more. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Sends so many bytes of what was asked, and closes the connection as soon as `whenSent` allows. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly whenSent?: (endBytes: number) => Promise<unknown> }

export interface FakeSite {
  /** With a slash at its end. */
  readonly base: string
  readonly port: number
  /** `GET /path`, with ` bytes=N-` where a range was asked. */
  readonly requests: string[]
  /** Gives requests for paths that end so this fault, `times` times (always when not given). */
  fail(pathEnd: string, fault: SiteFault, times?: number): void
  heal(): void
  /** Sends no tags and takes no ranges. */
  isPlain: boolean
  [Symbol.asyncDispose](): Promise<void>
}

/** Serves a folder on loopback as a site does: ranges, tags, and whatever fault is wanted. */
export async function serveFolder(root: string): Promise<FakeSite> {
  const faults: { readonly pathEnd: string; readonly fault: SiteFault; left: number }[] = []
  const requests: string[] = []
  const server = createServer((request, response) => {
    const address = request.url ?? ''
    // A proxy is asked for whole addresses.
    const path = URL.parse(address)?.pathname ?? address
    const range = request.headers.range
    requests.push(`${request.method} ${address}${range === undefined ? '' : ` ${range}`}`)
    const active = faults.find(({ pathEnd, left }) => path.endsWith(pathEnd) && left > 0)
    if (active !== undefined) active.left -= 1
    answer(join(root, path), { request, response, fault: active?.fault, isPlain: site.isPlain })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const site: FakeSite = {
    base: `http://127.0.0.1:${port}/`,
    port,
    requests,
    isPlain: false,
    fail: (pathEnd, fault, times = Number.POSITIVE_INFINITY) => faults.push({ pathEnd, fault, left: times }),
    heal: () => faults.splice(0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return site
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly fault: SiteFault | undefined
  readonly isPlain: boolean
}

function answer(path: string, { request, response, fault, isPlain }: Exchange): void {
  if (fault?.kind === 'silent') return
  if (fault?.kind === 'status') return void response.writeHead(fault.status).end('no')
  if (fault?.kind === 'redirect') return void response.writeHead(302, { location: fault.to }).end()
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  if (!isFile) return void response.writeHead(404).end('not found')
  const whole = readFileSync(path)
  const tag = `"${sha256(whole)}"`
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
  const condition = request.headers['if-range']
  const isPart = !isPlain && asked !== undefined && (condition === undefined || condition === tag)
  const start = isPart ? Number(asked) : 0
  if (isPart && start >= whole.length) {
    return void response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end()
  }
  const body = whole.subarray(start)
  const range = { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` }
  response.writeHead(isPart ? 206 : 200, {
    'content-length': body.length,
    ...(isPlain ? {} : { etag: tag }),
    ...(isPart ? range : {}),
  })
  if (request.method === 'HEAD') return void response.end()
  if (fault === undefined) return void response.end(body)
  response.write(body.subarray(0, fault.afterBytes), () => {
    if (fault.kind !== 'cut') return
    const sent = fault.whenSent?.(start + fault.afterBytes) ?? Promise.resolve()
    void sent.finally(() => response.destroy())
  })
}
