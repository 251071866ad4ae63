import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { hasErrorCode } from './files.ts'

/** What is kept in memory while nobody reads; what comes after is dropped and counted. */
const LONGEST_BACKLOG_BYTES = 4 << 20
const RETRY_MS = 50

/**
 * Writes lines to standard output at once, and never waits for its reader where that is a pipe: when the disk of the
 * logger behind it is full, a usual write would stop the whole process, and hold up its end, too.
 */
export class LogOutput {
  readonly #fd: number
  readonly #backlog: Buffer[] = []
  #backlogBytes = 0
  #dropped = 0
  #retry: NodeJS.Timeout | undefined

  constructor(fd: number) {
    this.#fd = withoutBlocking(fd)
    process.once('exit', () => this.#flush())
  }

  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#backlogBytes + bytes.length > LONGEST_BACKLOG_BYTES) {
      this.#dropped += 1
      return
    }
    if (this.#dropped > 0) {
      const note = { level: 'warn', time: new Date().toISOString(), msg: `${this.#dropped} log lines found no reader` }
      this.#dropped = 0
      this.#keep(Buffer.from(`${JSON.stringify(note)}\n`))
    }
    this.#keep(bytes)
    if (this.#retry === undefined) {
      this.#flush()
    }
  }

  #keep(bytes: Buffer): void {
    this.#backlog.push(bytes)
    this.#backlogBytes += bytes.length
  }

  #flush(): void {
    try {
      for (let line = this.#backlog[0]; line !== undefined; line = this.#backlog[0]) {
        const written = writeSync(this.#fd, line)
        this.#backlogBytes -= written
        if (written === line.length) {
          this.#backlog.shift()
        } else {
          this.#backlog[0] = line.subarray(written)
        }
      }
    } catch (error) {
      if (!hasErrorCode(error, 'EAGAIN')) {
        // The reader is gone (EPIPE) or the disk is full: nobody is left to be told.
        this.#backlog.length = 0
        this.#backlogBytes = 0
        return
      }
      this.#retry = setTimeout(() => {
        this.#retry = undefined
        this.#flush()
      }, RETRY_MS)
      this.#retry.unref()
    }
  }
}

/** A pipe is opened once more for ourselves, since its flags are shared with whoever else has the descriptor. */
function withoutBlocking(fd: number): number {
  try {
    if (fstatSync(fd).isFIFO()) {
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
    }
  } catch {
    // No /proc, or a pipe of somebody else's: the descriptor as it is.
  }
  return fd
}
