import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { availableParallelism, release } from 'node:os'
import { join } from 'node:path'
import { readFileIfThere } from '@evenkeel/kernel'
import type { Finding } from './finding.ts'
import {
  judgeInotify,
  judgeKernel,
  judgeListeners,
  judgeMemory,
  judgeOpenFiles,
  judgeProcessors,
  judgeTasks,
} from './judge.ts'
import { readAvailableMemory, readControlGroup, readHardLimit, readWildcardListeners } from './proc.ts'

/** What the kernel and the machine's settings leave for us. */
export async function examineKernel(): Promise<Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8')
  const openFiles = readHardLimit(limits, 'Max open files')
  const inotify = await readInotify()
  return [
    judgeKernel(release()),
    judgeProcessors(availableParallelism()),
    judgeMemory(await readMemory()),
    ...(openFiles === undefined ? [] : [judgeOpenFiles(openFiles)]),
    judgeTasks(await readTasks(limits)),
    ...(inotify === undefined ? [] : [judgeInotify(inotify)]),
    judgeListeners(await readListeners()),
  ]
}

async function readMemory(): Promise<number> {
  const available = readAvailableMemory(await readFile('/proc/meminfo', 'utf8')) ?? Number.POSITIVE_INFINITY
  const group = await readGroupLimit({ v2: ['memory.max', 'memory.current'], v1: MEMORY_V1, controller: 'memory' })
  return Math.min(available, group)
}

async function readTasks(limits: string): Promise<number> {
  // Root is not held to the limit of a user.
  const user = process.getuid?.() === 0 ? undefined : readHardLimit(limits, 'Max processes')
  const group = await readGroupLimit({ v2: PIDS, v1: PIDS, controller: 'pids' })
  return Math.min(user ?? Number.POSITIVE_INFINITY, group)
}

const MEMORY_V1 = ['memory.limit_in_bytes', 'memory.usage_in_bytes'] as const
const PIDS = ['pids.max', 'pids.current'] as const

type LimitFiles = readonly [limit: string, used: string]

/** What the control group of this process leaves of a resource; infinite where it sets no limit. */
async function readGroupLimit(of: { v2: LimitFiles; v1: LimitFiles; controller: string }): Promise<number> {
  const groups = await readFile('/proc/self/cgroup', 'utf8')
  const root = '/sys/fs/cgroup'
  const [v1, v2] = [readControlGroup(groups, of.controller), readControlGroup(groups, '')]
  const candidates: { folder: string; files: LimitFiles }[] = [
    ...(v1 === undefined ? [] : [v1, '/'].map((path) => ({ folder: join(root, of.controller, path), files: of.v1 }))),
    // In a container the path is that of the host, and its own group is the root.
    ...(v2 === undefined ? [] : [v2, '/'].map((path) => ({ folder: join(root, path), files: of.v2 }))),
  ]
  for (const { folder, files } of candidates) {
    const [limit, used] = await Promise.all(files.map((name) => readFileIfThere(join(folder, name))))
    if (limit === undefined || used === undefined) continue
    return limit.trim() === 'max' ? Number.POSITIVE_INFINITY : Math.max(0, Number(limit) - Number(used))
  }
  return Number.POSITIVE_INFINITY
}

async function readListeners(): Promise<ReadonlySet<number>> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileIfThere(path)))
  return new Set(tables.flatMap((table) => readWildcardListeners(table ?? '')))
}

/** How many inotify instances this user has and may have; undefined where the kernel does not say. */
async function readInotify(): Promise<{ limit: number; used: number } | undefined> {
  const limit = await readFileIfThere('/proc/sys/fs/inotify/max_user_instances')
  if (limit === undefined) return undefined
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const counts = await Promise.all(pids.map((pid) => countInotify(pid)))
  return { limit: Number(limit), used: counts.reduce((sum, count) => sum + count, 0) }
}

async function countInotify(pid: string): Promise<number> {
  try {
    if ((await stat(`/proc/${pid}`)).uid !== process.getuid?.()) return 0
    const folder = `/proc/${pid}/fd`
    const links = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')))
    return links.filter((link) => link === 'anon_inode:inotify').length
  } catch {
    // It ended meanwhile, or is not to be looked into.
    return 0
  }
}
