import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { hasErrorCode } from '@evenkeel/kernel'

/** One command changes an installation at a time: `up`, `down`, `destroy`. */
export interface CommandLock {
  release(): Promise<void>
}

export interface LockOptions {
  /** What we are about to do: others that wait are told, such as `evenkeel up`. */
  readonly deed: string
  readonly signal: AbortSignal
  /** Told once for each holder that is waited for, such as `evenkeel up (pid 12)`. */
  onWait(holder: string): void
}

/**
 * Waits until no other command changes the installation of `stateFolder` (which need not exist), then holds that off
 * until it is released or this process dies, however it dies: the lock is an abstract socket (Linux), which the kernel
 * itself takes away. Those that wait hang on a connection to it, and so wake up the moment that it goes.
 */
export async function lockInstallation(stateFolder: string, options: LockOptions): Promise<CommandLock> {
  const name = await socketName(stateFolder)
  for (;;) {
    options.signal.throwIfAborted()
    const lock = await tryLock(name, options.deed)
    if (lock !== undefined) return lock
    await waitForHolder(name, options)
  }
}

async function socketName(stateFolder: string): Promise<string> {
  const path = await realpath(stateFolder).catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT')) return stateFolder
    throw error
  })
  const digest = createHash('sha256').update(`${process.getuid?.()} ${path}`).digest('hex')
  return `\0evenkeel-command-${digest.slice(0, 32)}`
}

async function tryLock(name: string, deed: string): Promise<CommandLock | undefined> {
  const waiting = new Set<Socket>()
  const server: Server = createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => waiting.delete(socket))
    socket.on('close', () => waiting.delete(socket))
    socket.write(`${deed} (pid ${process.pid})\n`)
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(name, resolve)
    })
  } catch (error) {
    if (hasErrorCode(error, 'EADDRINUSE')) return undefined
    throw error
  }
  server.unref()
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of waiting) socket.destroy()
      }),
  }
}

function waitForHolder(name: string, options: LockOptions): Promise<void> {
  const { signal, onWait } = options
  return new Promise((resolve, reject) => {
    const socket = connect(name)
    let told = ''
    const abort = () => {
      socket.destroy()
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      told += text
      if (told.endsWith('\n')) onWait(told.trim())
    })
    // Refused: it went between our try and this. Reset: it was killed.
    socket.on('error', (error) => {
      if (!hasErrorCode(error, 'ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE')) reject(error)
    })
    socket.on('close', () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
  })
}
