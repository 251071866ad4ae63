import type { ServerResponse } from 'node:http'
import { type ObjectTable, Refusal, type TableEvent } from './object-table.ts'
import { isSelected } from './selectors.ts'

export interface WatchRequest {
  readonly resource: string
  readonly namespace: string | undefined
  readonly query: URLSearchParams
  readonly response: ServerResponse
}

/** The watches that are open. */
export class Watchers {
  readonly #table: ObjectTable
  readonly #bookmarkMs: number
  readonly #open = new Set<ServerResponse>()
  /** Nothing is sent while this is set, not even bookmarks. */
  muted = false

  constructor(table: ObjectTable, bookmarkMs: number) {
    this.#table = table
    this.#bookmarkMs = bookmarkMs
  }

  get size(): number {
    return this.#open.size
  }

  open(request: WatchRequest): void {
    const { resource, namespace, query, response } = request
    const from = query.get('resourceVersion') ?? ''
    const isFromNow = from === '' || from === '0'
    if (!isFromNow && Number(from) < this.#table.compactedVersion) {
      throw new Refusal(410, 'Expired', `too old resource version: ${from} (${this.#table.compactedVersion})`)
    }
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }).flushHeaders()
    this.#open.add(response)

    const send = (type: string, object: unknown): void => {
      if (!this.muted) {
        response.write(`${JSON.stringify({ type, object })}\n`)
      }
    }
    const pass = (event: TableEvent): void => {
      if (event.resource !== resource || (namespace !== undefined && event.object.metadata.namespace !== namespace)) {
        return
      }
      const was = event.old !== undefined && isSelected(event.old, query)
      const is = event.type !== 'DELETED' && isSelected(event.object, query)
      if (was || is) {
        send(was && is ? 'MODIFIED' : is ? 'ADDED' : 'DELETED', event.object)
      }
    }
    if (isFromNow) {
      for (const object of this.#table.list(resource, namespace)) {
        if (isSelected(object, query)) {
          send('ADDED', object)
        }
      }
    } else {
      for (const event of this.#table.history.filter(({ version }) => version > Number(from))) {
        pass(event)
      }
    }
    const forget = this.#table.onEvent(pass)
    const bookmark = setInterval(() => {
      send('BOOKMARK', { metadata: { resourceVersion: String(this.#table.version) } })
    }, this.#bookmarkMs)
    const ending = setTimeout(() => response.end(), Number(query.get('timeoutSeconds') ?? 1800) * 1000)
    response.on('close', () => {
      forget()
      clearInterval(bookmark)
      clearTimeout(ending)
      this.#open.delete(response)
    })
  }

  /** Cuts the connections of all watches. */
  drop(): void {
    for (const response of this.#open) {
      response.destroy()
    }
  }

  /** Ends all watches with the event that says that their version is too old. */
  expire(): void {
    const status = {
      kind: 'Status',
      status: 'Failure',
      code: 410,
      reason: 'Expired',
      message: 'too old resource version',
    }
    for (const response of this.#open) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
    }
  }
}
