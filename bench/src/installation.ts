import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import {
  type Cluster,
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  type EKSClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-eks'
import { connectEks } from '@evenkeel/cli/cluster'
import { eksAccess, type OpenedInstallation, openSubstrate, requireInstallation } from '@evenkeel/cli/installation'
import { clusterToken } from '@evenkeel/contract/sigv4'
import { API_SERVER_NAME } from '@evenkeel/keeper/components'
import { ClusterKeys } from '@evenkeel/keeper/pki'
import { Check } from 'typebox/value'
import type { Address } from './requests.ts'

const LAUNCHER = join(dirname(dirname(import.meta.dirname)), 'evenkeel')
const LOOK_INTERVAL_MS = 200

/** A process of an installation. */
export interface OwnedProcess {
  readonly pid: number
  readonly command: string
  /** Whose it is: the id of a hosted cluster, or `home`, `evenkeel`, or a part of the supervision. */
  readonly cluster: string
  /** Name of the instance; of a supervisor or logger, of the instance that it is for. */
  readonly instance: string
}

/** A whole Evenkeel with a state folder of its own, used through its front doors: the launcher and the EKS API. */
export class BenchInstallation {
  readonly home: string
  readonly #signal: AbortSignal
  readonly #settings: Readonly<Record<string, string>>
  #opened: OpenedInstallation | undefined
  #eks: EKSClient | undefined

  /** `settings`: environment variables for each `./evenkeel`. */
  constructor(signal: AbortSignal, settings: Readonly<Record<string, string>> = {}) {
    this.#settings = settings
    this.home = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'))
    this.#signal = signal
  }

  /** `./evenkeel ARGS` to its end. Answers how long it took, in milliseconds; rejects unless it ends with 0. */
  async evenkeel(args: readonly string[], deadlineMs = 300_000): Promise<number> {
    const startedMs = performance.now()
    const child = spawn(LAUNCHER, args, {
      env: { ...process.env, ...this.#settings, EVENKEEL_HOME: this.home },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: deadlineMs,
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (code !== 0) {
      throw new Error(`evenkeel ${args.join(' ')} ended with ${code ?? `a signal, after ${deadlineMs} ms`}:\n${said}`)
    }
    return Math.round(performance.now() - startedMs)
  }

  /** What its own command line knows of it. */
  async opened(): Promise<OpenedInstallation> {
    this.#opened ??= await requireInstallation(this.home)
    return this.#opened
  }

  async #client(): Promise<EKSClient> {
    this.#eks ??= connectEks(await eksAccess(await this.opened()))
    return this.#eks
  }

  /** Asks for a cluster as any client of EKS does. */
  async create(name: string): Promise<void> {
    const { accountId } = (await this.opened()).installation
    const roleArn = `arn:aws:iam::${accountId}:role/bench`
    const command = new CreateClusterCommand({ name, roleArn, resourcesVpcConfig: {} })
    await (await this.#client()).send(command, { abortSignal: this.#signal })
  }

  async describe(name: string): Promise<Cluster | undefined> {
    try {
      const command = new DescribeClusterCommand({ name })
      return (await (await this.#client()).send(command, { abortSignal: this.#signal })).cluster
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined
      throw error
    }
  }

  /** Resolves when it is ACTIVE; rejects when it is FAILED, with its issues, and after the deadline. */
  async untilActive(name: string, deadlineMs: number): Promise<Cluster> {
    for (const startedMs = performance.now(); performance.now() - startedMs < deadlineMs; await this.#pause()) {
      const cluster = await this.describe(name)
      if (cluster?.status === 'ACTIVE') return cluster
      if (cluster?.status === 'FAILED') throw new Error(`${name} is FAILED: ${JSON.stringify(cluster.health?.issues)}`)
    }
    throw new Error(`${name} was not ACTIVE after ${deadlineMs} ms`)
  }

  /** Asks for the end of a cluster and waits until nothing of it is left. */
  async delete(name: string, deadlineMs = 120_000): Promise<void> {
    await (await this.#client()).send(new DeleteClusterCommand({ name }), { abortSignal: this.#signal })
    for (const startedMs = performance.now(); performance.now() - startedMs < deadlineMs; await this.#pause()) {
      if ((await this.describe(name)) === undefined) return
    }
    throw new Error(`${name} was not gone after ${deadlineMs} ms`)
  }

  /** Ids of the hosted clusters on record. */
  async clusterIds(): Promise<readonly string[]> {
    const { records } = await openSubstrate(await this.opened())
    return (await records.clusters()).filter((id) => id !== 'home' && id !== 'evenkeel')
  }

  /**
   * Where a cluster will be reached, with a token of its creator, for a client that wants to be there before DescribeCluster
   * tells: read from the records as soon as addresses and keys are on them.
   */
  async addressOf(name: string, id: string, deadlineMs = 60_000): Promise<Address> {
    const opened = await this.opened()
    const { records, network } = await openSubstrate(opened)
    for (const startedMs = performance.now(); performance.now() - startedMs < deadlineMs; await this.#pause()) {
      const recorded = await records.read(id, 'keys.json')
      if (recorded === undefined || !(await network.clusters()).includes(id)) continue
      const keys: unknown = JSON.parse(recorded)
      if (!Check(ClusterKeys, keys)) throw new Error(`the record of the keys of ${name} is not one of keys`)
      const { endpoint } = await network.claim(id)
      const { region, key } = await eksAccess(opened)
      return {
        host: endpoint.host,
        port: endpoint.port,
        serverName: API_SERVER_NAME,
        caCertificate: keys.authorities.cluster.certificate,
        token: clusterToken({ clusterName: name, region, credentials: key, nowMs: Date.now() }),
      }
    }
    throw new Error(`${name} had no address after ${deadlineMs} ms`)
  }

  async #pause(): Promise<void> {
    this.#signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
  }

  /** Every process of this installation, those of its hosted clusters included. */
  processes(): OwnedProcess[] {
    return readdirSync('/proc').flatMap((entry) => {
      const pid = Number(entry)
      if (!Number.isInteger(pid) || pid === process.pid) return []
      try {
        return this.#owned(pid) ?? []
      } catch {
        // It ended while we looked, or is somebody else's.
        return []
      }
    })
  }

  #owned(pid: number): OwnedProcess | undefined {
    const environment = new Map(
      readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    if (environment.get('EVENKEEL_HOME') !== this.home) return undefined
    const command = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    // A supervisor stands in the service folder; a program and its logger hold a lock that is named like it.
    const folder =
      command === 's6-supervise' ? readlinkSync(`/proc/${pid}/cwd`) : (environment.get('EVENKEEL_LOCK') ?? '')
    const name = basename(folder.replace(/(\/|\.)log$/, ''))
    const [cluster = 'supervision', instance = name] = name.includes('.') ? name.split('.') : []
    return { pid, command, cluster, instance }
  }

  /** Removes every trace, whatever state a figure left. */
  async destroy(): Promise<void> {
    this.#eks?.destroy()
    await this.evenkeel(['destroy', '--yes'], 120_000)
    rmSync(this.home, { recursive: true, force: true })
  }
}
