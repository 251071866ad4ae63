import { createHash } from 'node:crypto'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { hasErrorCode } from '@evenkeel/kernel'

/** Something of which there is one for each key on this machine, until it is released or its process is gone. */
export interface Exclusion {
  release(): Promise<void>
}

/**
 * Waits for the right to `key`. It is an abstract socket: the kernel gives its name to one process at a time and takes it
 * back with the process, however that ends; a process that is only stopped keeps it. Those who wait are connected to
 * the holder, and so hear of its end at once. `secret` keeps the names unguessable for other users of the machine.
 * Rejects with the reason of `signal` when that is aborted.
 */
export async function acquireExclusion(secret: string, key: string, signal?: AbortSignal): Promise<Exclusion> {
  const name = `\0evenkeel-${createHash('sha256').update(`${secret}\0${key}`).digest('hex').slice(0, 40)}`
  for (;;) {
    signal?.throwIfAborted()
    const held = await tryListen(name)
    if (held !== undefined) return held
    await untilHolderEnds(name, signal)
  }
}

async function tryListen(name: string): Promise<Exclusion | undefined> {
  const waiting = new Set<Socket>()
  const server = createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => waiting.delete(socket))
    socket.unref()
  })
  try {
    await listen(server, name)
  } catch (error) {
    if (hasErrorCode(error, 'EADDRINUSE')) return undefined
    throw error
  }
  server.unref()
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // After close, so that who hears of it finds the name free.
        for (const socket of waiting) socket.destroy()
      }),
  }
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: name, backlog: 511 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const LOOK_AGAIN_MS = 100

function untilHolderEnds(name: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const socket = createConnection({ path: name })
    const abort = () => {
      socket.destroy()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    const done = () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    socket.once('error', (error) => {
      // Refused: it ended meanwhile. Anything else (a full backlog) gets better by itself, but not at once.
      if (hasErrorCode(error, 'ECONNREFUSED', 'ECONNRESET')) done()
      else setTimeout(done, LOOK_AGAIN_MS)
    })
    socket.once('end', done)
    socket.once('close', (hadError) => {
      if (!hadError) done()
    })
    socket.resume()
  })
}
