import { BaselineCluster, type BaselineOptions } from './baseline-cluster.ts'
import { cpuSeconds, pssKib, type RunningProgram } from './programs.ts'

export interface BaselineRunOptions extends BaselineOptions {
  /** How long the cluster is left alone before memory and processor time are read; absent: they are not. */
  readonly settleSeconds?: number
}

/** Milliseconds since the first program was started. */
export interface BaselineTimes {
  readonly started: number
  readonly ready: number
  readonly firstWrite: number
  readonly firstServiceAccount: number
  /** When each member was seen to be ready, asked after all of the above. */
  readonly allMembers: number
}

export interface ProgramFigures {
  readonly name: string
  readonly pssMib: number
  /** Of one processor, while it was left alone. */
  readonly cpuPercent: number
}

export interface BaselineResult {
  readonly timesMs: BaselineTimes
  /** Processor time that each program used until the first service account: says more than times on a busy machine. */
  readonly startCpuSeconds: Readonly<Record<string, number>>
  readonly programs?: readonly ProgramFigures[]
}

/**
 * Starts one cluster as fast as it can be done: certificates and files are there before the clock starts, then every
 * program is started at once with nothing in between. Ends all that it started.
 */
export async function runBaseline(options: BaselineRunOptions): Promise<BaselineResult> {
  const cluster = await BaselineCluster.prepare(options)
  try {
    cluster.start()
    const started = cluster.sinceStart()
    const ready = await cluster.untilReady()
    const firstWrite = await cluster.untilFirstWrite('first')
    const firstServiceAccount = options.kind === 'home' ? firstWrite : await cluster.untilServiceAccount('first')
    const allMembers = await cluster.untilAllMembers()
    const timesMs = { started, ready, firstWrite, firstServiceAccount, allMembers }
    const startCpuSeconds = Object.fromEntries(cluster.programs.map(({ name, pid }) => [name, cpuSeconds(pid)]))
    return options.settleSeconds === undefined
      ? { timesMs, startCpuSeconds }
      : { timesMs, startCpuSeconds, programs: await figuresAfter(options.settleSeconds, cluster.programs) }
  } finally {
    await cluster.stop()
  }
}

async function figuresAfter(seconds: number, running: readonly RunningProgram[]): Promise<ProgramFigures[]> {
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 2))
  const before = running.map(({ pid }) => cpuSeconds(pid))
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 2))
  return running.map(({ name, pid }, index) => ({
    name,
    pssMib: Math.round(pssKib(pid) / 102.4) / 10,
    cpuPercent: Math.round(((cpuSeconds(pid) - (before[index] ?? 0)) / (seconds / 2)) * 1000) / 10,
  }))
}
