import { lstat, readdir } from 'node:fs/promises'
import { hasErrorCode } from '@evenkeel/kernel'
import { LOCK_VARIABLE, MACHINE_VARIABLE, readEnvironment } from '../processes/index.ts'

/**
 * Programs and supervisors of installations whose state folder was removed under them, without `down` or `destroy`: pids
 * by state folder. No command reaches them any more. As far as we may look: those of other users are not seen.
 */
export async function findAbandonedProcesses(): Promise<ReadonlyMap<string, readonly number[]>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found: [string, number][] = []
  for (const pid of pids) {
    const environment = readEnvironment(pid)
    const home = environment.get('EVENKEEL_HOME')
    if (home === undefined || !environment.has(LOCK_VARIABLE)) continue
    if (await isGone(pid, home)) found.push([home, pid])
  }
  const byHome = Map.groupBy(found, ([home]) => home)
  return new Map([...byHome].map(([home, entries]) => [home, entries.map(([, pid]) => pid)]))
}

/** As the process itself sees it: it may be in a container, with another root. In a machine of ours nobody sees it. */
async function isGone(pid: number, home: string): Promise<boolean> {
  try {
    await lstat(readEnvironment(pid).has(MACHINE_VARIABLE) ? home : `/proc/${pid}/root${home}`)
    return false
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return false
    // Not when the process has ended meanwhile.
    return readEnvironment(pid).has(LOCK_VARIABLE)
  }
}
