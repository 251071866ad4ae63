import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DistributionError } from '../faults.ts'
import { explainDiskError } from './disk-error.ts'

/** Who holds the lock, as far as is known. */
export interface LockHolder {
  readonly pid: number
  /** Such as `kubernetes v1.37.2, etcd v3.7.3`. */
  readonly installs: string
}

export interface LockOptions {
  /** Told once a second for as long as another process holds the lock. */
  readonly onWaiting?: (holder: LockHolder | undefined) => void
  readonly signal?: AbortSignal
}

export interface StoreLock {
  /** Aborted if the lock is lost before its release: somebody ended the process that holds it for us. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

const FIRST_LOOK_MS = 100
const LOOK_AGAIN_MS = 1000

/**
 * The right to write to a store, for one process at a time, waited for without end. It is a file lock, held for us by a
 * child (Node has none of its own) that ends when the pipe from us breaks: so the kernel frees it when we die, however
 * that happens, and it needs no clean-up and no guess whether its holder still lives.
 */
export async function lockStore(store: string, installs: string, options: LockOptions = {}): Promise<StoreLock> {
  options.signal?.throwIfAborted()
  const file = join(store, '.lock')
  await mkdir(store, { recursive: true }).catch(explainDiskError(store))
  // A session of its own: Ctrl-C must reach us, who clean up while we still hold the lock, and not the child.
  const child = spawn('flock', ['-x', file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    stdio: 'pipe',
    detached: true,
  })
  child.stdin.on('error', () => child.kill())
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const tellWaiting = async () => options.onWaiting?.(await readHolder(file))
  const firstLook = setTimeout(tellWaiting, FIRST_LOOK_MS)
  const laterLooks = setInterval(tellWaiting, LOOK_AGAIN_MS)
  const stopWaiting = () => child.kill()
  options.signal?.addEventListener('abort', stopWaiting, { once: true })
  try {
    await untilHeld(child)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw new DistributionError(
      'store-unusable',
      `the store ${store} cannot be locked: ${complaint.trim() || String(error)}; it needs flock of util-linux, and a file system with locks`,
      { cause: error },
    )
  } finally {
    clearTimeout(firstLook)
    clearInterval(laterLooks)
    options.signal?.removeEventListener('abort', stopWaiting)
  }
  return await holdLock(child, file, { pid: process.pid, installs })
}

async function holdLock(child: ChildProcess, file: string, holder: LockHolder): Promise<StoreLock> {
  const lost = new AbortController()
  const ended = once(child, 'exit')
  let released = false
  child.once('exit', () => {
    if (!released)
      lost.abort(new DistributionError('store-unusable', `the lock ${file} was lost: its holder was ended`))
  })
  const release = async () => {
    released = true
    child.stdin?.end()
    await ended
  }
  try {
    // Only a note for those who wait: the lock itself is on the file, whatever stands in it.
    await writeFile(file, JSON.stringify(holder)).catch(explainDiskError(file))
  } catch (error) {
    await release()
    throw error
  }
  return { lost: lost.signal, release }
}

function untilHeld(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`flock ended (${signal ?? `code ${code}`})`)))
  })
}

async function readHolder(file: string): Promise<LockHolder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Partial<LockHolder> | null
    if (typeof holder?.pid !== 'number' || typeof holder.installs !== 'string') return undefined
    return { pid: holder.pid, installs: holder.installs }
  } catch {
    // Just made, or being written: it will be whole at the next look.
    return undefined
  }
}
