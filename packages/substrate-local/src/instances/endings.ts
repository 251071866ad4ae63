import { type ProcessIdentity, signalProcess } from '../processes/index.ts'

/** Programs on their way out: told once, killed when their grace is over. */
export interface Endings {
  /**
   * SIGTERM to the process (not when `isTold` already), SIGKILL after the grace. Asked again, it only ever shortens the
   * grace: a second SIGTERM ends kube-apiserver at once.
   */
  begin(process: ProcessIdentity, options: { graceMs: number; isTold: boolean }): void
}

interface Ending {
  readonly deadline: number
  readonly timer: NodeJS.Timeout
}

/**
 * Kept in memory: a keeper that takes over tells the program again, and counts the grace anew. What a supervisor ends it
 * kills by itself (`timeout-kill`), whoever is dead.
 */
export function trackEndings(): Endings {
  const open = new Map<string, Ending>()
  return {
    begin(process, { graceMs, isTold }) {
      const key = `${process.pid}/${process.startTicks}`
      const earlier = open.get(key)
      const deadline = performance.now() + graceMs
      if (earlier === undefined || deadline < earlier.deadline) {
        clearTimeout(earlier?.timer)
        const timer = setTimeout(() => {
          open.delete(key)
          signalProcess(process, 'SIGKILL')
        }, graceMs)
        timer.unref()
        open.set(key, { deadline, timer })
      }
      if (graceMs === 0) signalProcess(process, 'SIGKILL')
      else if (earlier === undefined && !isTold) signalProcess(process, 'SIGTERM')
    },
  }
}
