import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { InstanceSpec } from '@evenkeel/substrate'
import type { PreparedCluster } from './prepare.ts'

/** A program that this bench has started, and that only this bench ends. */
export interface RunningProgram {
  readonly name: string
  readonly component: string
  readonly pid: number
  readonly child: ChildProcess
}

/** Writes everything that the programs read. */
export function writeFiles(cluster: PreparedCluster): void {
  for (const spec of cluster.specs) {
    for (const volume of spec.volumes) {
      mkdirSync(cluster.volumePath(volume), { recursive: true, mode: 0o700 })
    }
    for (const file of spec.files) {
      const path = `${cluster.filesRoot(spec.name)}/${file.path}`
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(path, file.content, { mode: 0o600 })
    }
  }
}

/** Starts a program at once; its output goes to `<logs>/<instance>.log`. */
export function startProgram(spec: InstanceSpec, binary: string, logs: string): RunningProgram {
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  const log = openSync(`${logs}/${spec.name}.log`, 'a', 0o600)
  const { PATH = '' } = process.env
  const child = spawn(binary, spec.args, { stdio: ['ignore', log, log], env: { PATH, ...spec.env } })
  closeSync(log)
  if (child.pid === undefined) {
    throw new Error(`${binary} could not be started for ${spec.name}: is it there and executable?`)
  }
  return { name: spec.name, component: spec.component, pid: child.pid, child }
}

/** Ends every program: controllers and API servers first, since they would only complain without etcd. Resolves when all are gone. */
export async function stopPrograms(programs: readonly RunningProgram[]): Promise<void> {
  await Promise.all(
    programs.map(async ({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) {
        return
      }
      await new Promise((resolve) => {
        child.once('exit', resolve)
        child.kill('SIGKILL')
      })
    }),
  )
}

/** Memory that a process adds to the machine: what it shares counts in part (PSS). In KiB. */
export function pssKib(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN)
}

/** Processor time that a process has used so far, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  // User and system time, in ticks of a hundredth of a second (USER_HZ, the same on all Linux machines).
  return (Number(fields[11]) + Number(fields[12])) / 100
}
