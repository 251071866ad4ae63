import { formatBytes, formatDuration } from '../terminal/index.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const GIB = 1024 ** 3

/** A highly available cluster takes about 700 MiB, what stands beside all clusters about 600 MiB. */
const MEMORY_FOR_FIRST_CLUSTER = 1.5 * GIB

export function judgeMemory(availableBytes: number): Finding {
  const detail = `${formatBytes(availableBytes)} available`
  if (availableBytes >= MEMORY_FOR_FIRST_CLUSTER) return ok('memory', detail)
  return warning(
    'memory',
    detail,
    `free some: an installation with its first cluster takes about ${formatBytes(MEMORY_FOR_FIRST_CLUSTER)}`,
  )
}

/** Below this no volume is made or grown, so that records and the home can still be written. */
const FLOOR_BYTES = GIB
/** A cluster's volumes take some hundred MiB, a build of Kubernetes about 6 GiB of Go's caches once. */
const COMFORT_BYTES = 3 * GIB

export function judgeDisk(subject: string, free: { readonly bytes: number; readonly folder: string }): Finding {
  const detail = `${formatBytes(free.bytes)} free in ${free.folder}`
  const mend = `free space there, or use another folder: below ${formatBytes(FLOOR_BYTES)} no cluster can be made`
  if (free.bytes < FLOOR_BYTES) return problem(subject, detail, mend)
  return free.bytes < COMFORT_BYTES ? warning(subject, detail, mend) : ok(subject, detail)
}

/** etcd and API servers hold a connection each for every watch. */
const OPEN_FILES = 1024

export function judgeOpenFiles(softLimit: number): Finding {
  const detail = softLimit === Number.POSITIVE_INFINITY ? 'unlimited' : `${softLimit} at once`
  return softLimit >= OPEN_FILES
    ? ok('open files', detail)
    : problem('open files', detail, `ulimit -n ${OPEN_FILES * 64}, then ./evenkeel down and up`)
}

/** The clock, by what is known to be in the past. */
export function judgeClock(nowMs: number, past: { readonly ms: number; readonly what: string }): Finding {
  const detail = new Date(nowMs).toISOString()
  if (nowMs >= past.ms - MINUTE_MS) return ok('clock', detail)
  const behind = formatDuration(past.ms - nowMs)
  return problem(
    'clock',
    `${detail}, ${behind} before ${past.what}`,
    'set it right (systemctl restart systemd-timesyncd, or date -s): certificates and signatures depend on it',
  )
}

const MINUTE_MS = 60_000

/** Modes of the state folder and of what holds secrets. */
export function judgeModes(
  files: readonly { readonly path: string; readonly mode: number; readonly ownerId: number }[],
  userId: number,
): Finding {
  const foreign = files.filter((file) => file.ownerId !== userId)
  const open = files.filter((file) => (file.mode & 0o077) !== 0)
  const first = foreign[0] ?? open[0]
  if (first === undefined)
    return ok('permissions', `${files.length} files and folders that hold secrets are yours alone`)
  if (foreign.length > 0) {
    return problem(
      'permissions',
      `${first.path} belongs to user ${first.ownerId}, not to you (${userId})`,
      `run evenkeel as that user, or chown -R it to you`,
    )
  }
  return problem(
    'permissions',
    `${first.path} can be read by others (mode ${(first.mode & 0o777).toString(8)})`,
    `chmod go= ${open.map((file) => file.path).join(' ')}`,
  )
}

/** `MemAvailable` of /proc/meminfo, in bytes. */
export function readAvailableMemory(meminfo: string): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** The soft limit of /proc/self/limits. */
export function readOpenFilesLimit(limits: string): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
