import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hasErrorCode } from '@evenkeel/kernel'
import { DistributionError } from '../faults.ts'
import { explainDiskError } from '../store/index.ts'
import { writeCounted } from './counted-write.ts'
import { SiteClient, type SiteResponse } from './http-client.ts'
import type { Site, SiteFile, SiteTimeouts, Transfer } from './site.ts'
import { SourceSkip } from './source.ts'

/** Tries that bring nothing new before a file that ends too early is given up. */
const FRUITLESS_TRIES = 3
const MAX_TEXT_BYTES = 1024 * 1024

export interface HttpSiteOptions {
  /** What stands before every path: `https://` for the official sites, `https://mirror.example/kept/` for a mirror. */
  readonly base: string
  readonly timeouts: SiteTimeouts
  /** Names the proxies. */
  readonly environment: NodeJS.ProcessEnv
}

/** The official sites, or a mirror with an address. */
export function createHttpSite(options: HttpSiteOptions): Site {
  return new HttpSite(options)
}

class HttpSite implements Site {
  readonly #base: string
  readonly #client: SiteClient

  constructor({ base, timeouts, environment }: HttpSiteOptions) {
    this.#base = base
    this.#client = new SiteClient(timeouts, environment)
  }

  describe(path: string): string {
    const { origin, pathname } = this.#addressOf(path)
    return `${origin}${pathname}`
  }

  async readText(path: string, signal: AbortSignal): Promise<string | undefined> {
    const response = await this.#client.request(this.#addressOf(path), { method: 'GET', signal })
    if (!(await this.#isFound(response, path))) return undefined
    const pieces: Uint8Array[] = []
    let bytes = 0
    try {
      for await (const piece of response.body as AsyncIterable<Uint8Array>) {
        bytes += piece.length
        if (bytes > MAX_TEXT_BYTES) throw new SourceSkip(`${this.describe(path)} is longer than any digest file`)
        pieces.push(piece)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof SourceSkip) throw error
      throw new SourceSkip(`${this.describe(path)} ended early (${this.#client.describeError(error)})`, {
        cause: error,
      })
    }
    return Buffer.concat(pieces).toString('utf8')
  }

  async has(path: string, signal: AbortSignal): Promise<boolean> {
    const response = await this.#client.request(this.#addressOf(path), { method: 'HEAD', signal })
    return await this.#isFound(response, path)
  }

  async download(file: SiteFile, transfer: Transfer): Promise<{ readonly resumed: boolean }> {
    let longest = await sizeOf(file.partial)
    let resumed = longest > 0
    for (let fruitless = 0; fruitless < FRUITLESS_TRIES; ) {
      const ending = await this.#continue(file, transfer)
      if (ending === 'whole') return { resumed }
      resumed = true
      const size = await sizeOf(file.partial)
      if (size > longest) fruitless = 0
      else fruitless += 1
      longest = Math.max(longest, size)
    }
    throw new DistributionError(
      'truncated',
      `${this.describe(file.path)} ends after ${longest} bytes, before the length that it announces: ` +
        `it was asked for ${FRUITLESS_TRIES} times. Mend the mirror or the connection and try again`,
    )
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  #addressOf(path: string): URL {
    return new URL(`${this.#base}${path}`)
  }

  /** One request for what is missing. `cut`: the connection ended early, or what is there could not be continued. */
  async #continue(file: SiteFile, transfer: Transfer): Promise<'whole' | 'cut'> {
    const { signal, onBytes } = transfer
    const start = await sizeOf(file.partial)
    const headers = start === 0 ? {} : { range: `bytes=${start}-`, ...(await readCondition(file)) }
    const response = await this.#client.request(this.#addressOf(file.path), { method: 'GET', headers, signal })
    const range = parseContentRange(response.headers['content-range'])
    if (response.statusCode === 416 || (response.statusCode === 206 && range?.start !== start)) {
      await response.body.dump()
      if (response.statusCode === 416 && range?.total === start) return 'whole'
      await rm(file.partial, { force: true })
      return 'cut'
    }
    if (!(await this.#isFound(response, file.path))) {
      throw new SourceSkip(`${this.describe(file.path)} does not exist`)
    }
    const continues = response.statusCode === 206
    const length = Number(response.headers['content-length'] ?? Number.NaN)
    let doneBytes = continues ? start : 0
    const announced = continues ? (range?.total ?? start + length) : length
    const totalBytes = Number.isFinite(announced) ? announced : undefined
    if (!continues) await writeCondition(file, response)
    const onPiece = (bytes: number) => {
      doneBytes += bytes
      onBytes(doneBytes, totalBytes)
    }
    try {
      onBytes(doneBytes, totalBytes)
      await writeCounted(response.body as AsyncIterable<Uint8Array>, {
        path: file.partial,
        flags: continues ? 'a' : 'w',
        signal,
        onPiece,
      })
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof DistributionError) throw error
      if (hasErrorCode(error, 'UND_ERR_BODY_TIMEOUT')) {
        throw new SourceSkip(`${this.describe(file.path)} stalled (${this.#client.describeError(error)})`, {
          cause: error,
        })
      }
      return 'cut'
    }
    return totalBytes !== undefined && doneBytes < totalBytes ? 'cut' : 'whole'
  }

  async #isFound(response: SiteResponse, path: string): Promise<boolean> {
    const { statusCode } = response
    if (statusCode >= 200 && statusCode < 300) return true
    await response.body.dump()
    if (statusCode === 404 || statusCode === 410) return false
    throw new SourceSkip(`${this.describe(path)} answers with HTTP status ${statusCode}`)
  }
}

/** Where the validator of a partial file is kept: what the server called the version that it is a part of. */
export function conditionFileOf(partial: string): string {
  return `${partial}.validator`
}

async function readCondition(file: SiteFile): Promise<Record<string, string>> {
  try {
    return { 'if-range': await readFile(conditionFileOf(file.partial), 'utf8') }
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return {}
    throw error
  }
}

async function writeCondition(file: SiteFile, response: SiteResponse): Promise<void> {
  const { etag, 'last-modified': lastModified } = response.headers
  // A weak tag does not promise the same bytes (RFC 9110, 13.1.5).
  const validator = typeof etag === 'string' && !etag.startsWith('W/') ? etag : lastModified
  if (typeof validator === 'string') {
    await writeFile(conditionFileOf(file.partial), validator).catch(explainDiskError(file.partial))
  } else {
    await rm(conditionFileOf(file.partial), { force: true })
  }
}

function parseContentRange(header: string | string[] | undefined): { start?: number; total?: number } | undefined {
  const parts = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(String(header ?? ''))
  if (parts === null) return undefined
  return {
    ...(parts[1] === undefined ? {} : { start: Number(parts[1]) }),
    ...(parts[2] === '*' ? {} : { total: Number(parts[2]) }),
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return 0
    throw error
  }
}
