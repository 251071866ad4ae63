import { mkdirSync } from 'node:fs'
import type { InstanceSpec } from '@evenkeel/substrate'
import { type PrepareOptions, prepareCluster } from './cluster.ts'
import { cpuSeconds, pssKib, type RunningProgram, startProgram, stopPrograms, writeFiles } from './programs.ts'
import { ask, askUntil, isReady } from './requests.ts'

const DEADLINE_MS = 120_000

export interface BaselineOptions extends PrepareOptions {
  /** Folder with one executable per program name; HAProxy is the system's. */
  readonly programs: string
  /** For experiments: changes a rendered spec before it is started. */
  readonly adjust?: (spec: InstanceSpec) => InstanceSpec
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
export async function runBaseline(options: BaselineOptions): Promise<BaselineResult> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const prepared = await prepareCluster(options)
  const cluster = { ...prepared, specs: prepared.specs.map(options.adjust ?? ((spec) => spec)) }
  writeFiles(cluster)
  const running: RunningProgram[] = []
  try {
    const startedMs = performance.now()
    const sinceStart = () => Math.round(performance.now() - startedMs)
    for (const spec of cluster.specs) {
      const { name } = spec.program
      const binary = name === 'haproxy' ? name : `${options.programs}/${name}`
      running.push(startProgram(spec, binary, `${options.folder}/logs`))
    }
    const started = sinceStart()
    const { endpoint } = cluster
    const until = { deadlineMs: DEADLINE_MS }
    await askUntil(() => ask(endpoint, '/readyz'), { ...until, status: [200], what: '/readyz through the endpoint' })
    const ready = sinceStart()
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'first' } }
    await askUntil(() => ask(endpoint, '/api/v1/namespaces', namespace), {
      ...until,
      // Created by an attempt that seemed to fail counts, too.
      status: [201, 409],
      what: 'the first write',
    })
    const firstWrite = sinceStart()
    let firstServiceAccount = firstWrite
    if (options.kind !== 'home') {
      await askUntil(() => ask(endpoint, '/api/v1/namespaces/first/serviceaccounts/default'), {
        ...until,
        status: [200],
        what: "the first namespace's default service account",
      })
      firstServiceAccount = sinceStart()
    }
    const notReady = new Set(cluster.members)
    while (notReady.size > 0 && sinceStart() < DEADLINE_MS) {
      const asked = await Promise.all([...notReady].map(async (member) => [member, await isReady(member)] as const))
      for (const [member, ready] of asked) {
        if (ready) {
          notReady.delete(member)
        }
      }
    }
    if (notReady.size > 0) {
      throw new Error(`not ready after ${DEADLINE_MS} ms: ${[...notReady].map((member) => member.name).join(', ')}`)
    }
    const allMembers = sinceStart()
    const timesMs = { started, ready, firstWrite, firstServiceAccount, allMembers }
    const startCpuSeconds = Object.fromEntries(running.map(({ name, pid }) => [name, cpuSeconds(pid)]))
    return options.settleSeconds === undefined
      ? { timesMs, startCpuSeconds }
      : { timesMs, startCpuSeconds, programs: await figuresAfter(options.settleSeconds, running) }
  } finally {
    await stopPrograms(running)
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
