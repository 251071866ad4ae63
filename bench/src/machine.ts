import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem } from 'node:os'

/** On what a figure was measured: enough to judge it by, nothing that says whose machine it is. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGib: number
  readonly kernel: string
  readonly architecture: string
}

export function describeMachine(): Machine {
  const [first] = cpus()
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    architecture: arch(),
  }
}

export interface Load {
  /** Average number of tasks that ran or wanted to, over the last minute. */
  readonly oneMinute: number
  /** How busy all processors were over the seconds in which it was looked at, of a hundred. */
  readonly busyPercent: number
}

/** Jiffies of all processors together since the machine started. */
function processorTimes(): { readonly idle: number; readonly all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  // user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in these already.
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number)
  const [idle = 0, iowait = 0] = fields.slice(3, 5)
  return { idle: idle + iowait, all: fields.reduce((sum, each) => sum + each, 0) }
}

/** Looks at the machine for so long. */
export async function observeLoad(seconds: number): Promise<Load> {
  const before = processorTimes()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const after = processorTimes()
  const busy = 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all)
  return { oneMinute: Math.round((loadavg()[0] ?? 0) * 100) / 100, busyPercent: Math.round(busy * 100) }
}
