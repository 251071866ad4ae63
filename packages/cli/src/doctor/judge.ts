import type { Disk } from '../machine/index.ts'
import { formatBytes, formatDuration } from '../terminal/index.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** What is good and what is not, of what was read: pure, with a mend for all that is not `ok`. */

const GIB = 1024 ** 3

/** A highly available cluster takes about 700 MiB, what stands beside all clusters about 600 MiB. */
const MEMORY_FOR_FIRST_CLUSTER = 1.5 * GIB

/** `availableBytes`: the least of what the machine and the control group leave. */
export function judgeMemory(availableBytes: number): Finding {
  const detail = `${formatBytes(availableBytes)} available`
  if (availableBytes >= MEMORY_FOR_FIRST_CLUSTER) return ok('memory', detail)
  return warning(
    'memory',
    detail,
    `free some: an installation with its first cluster takes about ${formatBytes(MEMORY_FOR_FIRST_CLUSTER)}`,
  )
}

const PROCESSORS = 2

export function judgeProcessors(count: number): Finding {
  const detail = `${count} available`
  if (count >= PROCESSORS) return ok('processors', detail)
  return warning('processors', detail, `give it ${PROCESSORS}: creates and repairs take several times longer with one`)
}

/** Node 24 asks for it. */
const OLDEST_KERNEL = [4, 18] as const

/** `release` as `uname -r` says it, such as `6.1.0-18-amd64`. */
export function judgeKernel(release: string): Finding {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number)
  const isOld = major < OLDEST_KERNEL[0] || (major === OLDEST_KERNEL[0] && minor < OLDEST_KERNEL[1])
  return isOld
    ? problem('kernel', `Linux ${release}`, `use Linux ${OLDEST_KERNEL.join('.')} or later: Debian 12 has 6.1`)
    : ok('kernel', `Linux ${release}`)
}

/** How much a cluster's volumes may take before the floor is reached, besides it. */
const COMFORT_BYTES = 2 * GIB
/** Files and folders of an installation with some clusters. */
const LEAST_FILES = 10_000

/** `floorBytes`: below it no volume is made. What keeps the rest for records and the home is only who makes room then. */
export function judgeDisk(subject: string, disk: Disk, floorBytes: number): Finding {
  const { folder, freeBytes, freeFiles } = disk
  const detail = `${formatBytes(freeBytes)} free in ${folder}`
  const mend = `free space there, or use another folder: below ${formatBytes(floorBytes)} no cluster can be made, and etcd of those that run can fill it up`
  if (freeBytes < floorBytes) return problem(subject, detail, mend)
  if (freeFiles !== undefined && freeFiles < LEAST_FILES) {
    const few = `${freeFiles} files can still be made in ${folder} (inodes)`
    return problem(subject, few, 'remove files there, or use a file system with more inodes')
  }
  return freeBytes < floorBytes + COMFORT_BYTES ? warning(subject, detail, mend) : ok(subject, detail)
}

/** Magic numbers of linux/magic.h: what locks and fsync of etcd and ours cannot rely on, and what a restart empties. */
const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x01021997: '9p',
}
const TMPFS = 0x01021994

export function judgeFileSystem({ folder, type }: Disk): Finding {
  const network = NETWORK_FILE_SYSTEMS[type]
  if (network !== undefined) {
    const mend = 'use a folder on a local disk (EVENKEEL_HOME): locks and the durability of etcd depend on it'
    return problem('file system', `${folder} is on ${network}`, mend)
  }
  if (type === TMPFS) {
    const mend = 'use a folder on a disk (EVENKEEL_HOME) for what is to outlive a restart of the machine'
    return warning('file system', `${folder} is in memory (tmpfs)`, mend)
  }
  return ok('file system', `${folder} is on a local disk`)
}

/** etcd and API servers hold a connection each for every watch. */
const OPEN_FILES = 4096

/** The hard limit: the supervision trees raise the soft one to it for everything below them. */
export function judgeOpenFiles(hardLimit: number): Finding {
  const detail = hardLimit === Number.POSITIVE_INFINITY ? 'unlimited' : `up to ${hardLimit} in each process`
  if (hardLimit >= OPEN_FILES) return ok('open files', detail)
  return problem(
    'open files',
    detail,
    `raise the hard limit to ${OPEN_FILES * 16} (ulimit -Hn, limits.conf or LimitNOFILE), then ./evenkeel down and up`,
  )
}

/** What a hosted cluster adds: 13 programs with their threads, and two supervisors for each. */
const TASKS_OF_A_CLUSTER = 300

/** Processes and threads, of the user or of the control group: `left` can still be started. */
export function judgeTasks(left: number): Finding {
  const detail = left === Number.POSITIVE_INFINITY ? 'unlimited' : `${left} more processes and threads can be started`
  if (left >= 2 * TASKS_OF_A_CLUSTER) return ok('processes', detail)
  return problem(
    'processes',
    detail,
    `raise the limit (ulimit -u, or pids.max of the control group): a cluster takes about ${TASKS_OF_A_CLUSTER}`,
  )
}

/** Measured with 1.37: two API servers 16, two controller-managers 11, two schedulers 6. */
const INOTIFY_OF_A_CLUSTER = 33

/** `used` by this user on the whole machine. Without one, programs notice new certificates by looking now and then. */
export function judgeInotify({ limit, used }: { readonly limit: number; readonly used: number }): Finding {
  const detail = `${used} of ${limit} instances in use, a cluster takes ${INOTIFY_OF_A_CLUSTER}`
  if (limit - used >= INOTIFY_OF_A_CLUSTER) return ok('inotify', detail)
  return warning(
    'inotify',
    detail,
    'as root: echo fs.inotify.max_user_instances=8192 >/etc/sysctl.d/90-evenkeel.conf; sysctl --system',
  )
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

/** Ports at which members listen, each at addresses of its own: somebody who listens at all addresses is in their way. */
const MEMBER_PORTS: readonly number[] = [2378, 2379, 2380, 2381, 2382, 6443, 9090, 9443, 9444, 10257, 10259]

/** `listening`: TCP ports that somebody listens on at all addresses. */
export function judgeListeners(listening: ReadonlySet<number>): Finding {
  const taken = MEMBER_PORTS.filter((port) => listening.has(port))
  if (taken.length === 0) return ok('ports', 'nobody listens at all addresses on a port of clusters')
  return problem(
    'ports',
    `taken at all addresses: ${taken.join(', ')}`,
    `end what listens there (ss -ltnp), or have it listen at one address alone: clusters use them at 127.x.y.z`,
  )
}

/** `whyNot`: why no networks of clusters' own can be made here, where that is so. */
export function judgeNetworks(whyNot: string | undefined): Finding {
  if (whyNot === undefined) return ok('networks', 'new clusters get a network of their own (tried)')
  return warning(
    'networks',
    `new clusters get loopback addresses, and can have no nodes: ${whyNot}`,
    'run evenkeel as root on a machine that lets it make network namespaces, with iproute2, nftables and util-linux',
  )
}

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
