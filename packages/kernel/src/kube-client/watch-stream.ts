import type { Readable } from 'node:stream'
import type { KubeObject } from '@evenkeel/contract/kinds'
import { KubeConnectionError, KubeError } from './errors.ts'

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Nothing before this resource version is outstanding. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

export interface WatchStreamOptions {
  readonly signal?: AbortSignal | undefined
  /** A stream that says nothing for so long counts as broken. */
  readonly idleTimeoutMs: number
  /** Of the request, for messages. */
  readonly request: string
}

interface RawEvent<T> {
  readonly type: string
  readonly object: T & { code?: number; reason?: string; message?: string }
}

/**
 * The events of a watch's answer. Ends when the server ends it; throws KubeError for an ERROR event (410: the resource
 * version is too old), KubeConnectionError where it breaks off or goes silent, the signal's reason when aborted.
 */
export async function* watchEvents<T extends KubeObject>(
  stream: Readable,
  options: WatchStreamOptions,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  for await (const line of lines(stream, options)) {
    const event = parseEvent<T>(line, options.request)
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        yield { type: event.type, object: event.object }
        break
      case 'BOOKMARK':
        yield { type: 'BOOKMARK', resourceVersion: event.object.metadata.resourceVersion ?? '' }
        break
      case 'ERROR':
        throw new KubeError({
          status: event.object.code ?? 500,
          reason: event.object.reason ?? '',
          message: event.object.message ?? 'the watch ended with an error that has no message',
          request: options.request,
        })
      default:
        throw new Error(
          `${options.request} sent an event of unknown type "${event.type}": this client is too old for it`,
        )
    }
  }
}

function parseEvent<T>(line: string, request: string): RawEvent<T> {
  try {
    return JSON.parse(line) as RawEvent<T>
  } catch (cause) {
    throw new KubeConnectionError(`${request} sent a line that is not JSON`, 'BROKEN', { cause })
  }
}

async function* lines(stream: Readable, options: WatchStreamOptions): AsyncGenerator<string, void, undefined> {
  const { signal, idleTimeoutMs, request } = options
  let ended: unknown
  const end = (reason: unknown): void => {
    ended ??= reason
    stream.destroy()
  }
  const abort = (): void => end(signal?.reason)
  const silent = (): void => end(new KubeConnectionError(`${request} was silent for ${idleTimeoutMs} ms`, 'TIMEOUT'))
  let timer = setTimeout(silent, idleTimeoutMs)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    if (signal?.aborted) {
      throw signal.reason
    }
    const parts: Buffer[] = []
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      // Paused while the consumer works on an event: only the server's silence counts.
      clearTimeout(timer)
      let start = 0
      for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, start)) {
        parts.push(chunk.subarray(start, newline))
        const line = Buffer.concat(parts).toString('utf8')
        parts.length = 0
        start = newline + 1
        if (line.trim() !== '') {
          yield line
        }
        if (ended !== undefined) {
          throw ended
        }
      }
      if (start < chunk.length) {
        parts.push(chunk.subarray(start))
      }
      timer = setTimeout(silent, idleTimeoutMs)
    }
    if (ended !== undefined) {
      throw ended
    }
  } catch (cause) {
    if (ended !== undefined) {
      throw ended
    }
    if (cause instanceof KubeConnectionError || cause instanceof KubeError) {
      throw cause
    }
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'UNKNOWN'
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new KubeConnectionError(`${request} broke off: ${message}`, code, { cause })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    stream.destroy()
  }
}
