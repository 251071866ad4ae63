import type { ClusterId, Place } from './place.ts'

/** Which program, by name and exact version (`v1.37.2`); the driver knows where its binary is. */
export interface ProgramRef {
  readonly name: string
  /** Exact version, or `own` for our own programs and `system` for those of the operating system. */
  readonly version: string
}

export interface InstanceFile {
  /** Path below the instance's `filesRoot`, no `..`. */
  readonly path: string
  readonly content: string
  /**
   * `restart`: the program reads it at start only, a change restarts it.
   * `reload`: the program watches it, a change is only written (atomically, by rename).
   */
  readonly onChange: 'restart' | 'reload'
}

export interface InstanceId {
  readonly cluster: ClusterId
  /** Unique in its cluster, such as `etcd-a`, `kube-apiserver-b`, `endpoint-1`: lower case, digits, dashes. */
  readonly name: string
}

/** A TCP port that is opened late enough to tell that its program serves. */
export interface AwaitedPort {
  readonly host: string
  readonly port: number
  readonly atMostSeconds: number
}

/** A program that is to run. Everything in it was chosen by a plan; the host chooses nothing. */
export interface InstanceSpec extends InstanceId {
  /** The part it plays, such as `kube-apiserver`: names its log and its metrics. */
  readonly component: string
  readonly place: Place
  readonly program: ProgramRef
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Always written with mode 0600 in folders of mode 0700. */
  readonly files: readonly InstanceFile[]
  /** Names of volumes of this cluster that the program writes to; they must exist. */
  readonly volumes: readonly string[]
  /**
   * Every start first waits until something takes connections there, but not for ever: for programs that get in each
   * other's way when they start at the same moment.
   */
  readonly startsAfter?: AwaitedPort
  /**
   * A start after an end that nobody asked for waits so long: for programs that take connections long before they serve
   * them, so that whoever balances to them has seen the end by then.
   */
  readonly restartDelayMs?: number
  /** SIGTERM, then SIGKILL after this many seconds. */
  readonly stopGraceSeconds: number
}

export interface ObservedInstance extends InstanceId {
  readonly component: string
  readonly place: Place
  readonly program: ProgramRef
  /** `instanceDigest` of the spec that the running process was started with, absent when it runs not or is not known. */
  readonly runningDigest?: string
  /** `instanceDigest` of the spec that is written down for the next start. */
  readonly writtenDigest?: string
  /** `filesDigest` of what is written down (all files). */
  readonly filesDigest?: string
  /**
   * `running`: its process lives under its supervisor. `unsupervised`: it lives (it holds its lock), but its supervisor
   * was lost. `starting`: to be started, no process yet, or between restarts. `stopped`: wanted down and down.
   */
  readonly state: 'running' | 'unsupervised' | 'starting' | 'stopped'
  /** Of the program itself. */
  readonly pid?: number
  /** Milliseconds since the epoch. */
  readonly startedAt?: number
}

/** Where a program finds its things. Known before it exists, so that rendering is pure. */
export interface InstanceLayout {
  /** Absolute folder of the instance's `files`. */
  readonly filesRoot: string
  /** Absolute folder of one of the cluster's volumes. */
  volumePath(volume: string): string
}

/**
 * Runs programs and keeps them running: a program that exits is started again within about a second, whoever else is
 * dead. All methods are idempotent and safe to abandon at any point.
 */
export interface InstanceHost {
  /** Pure. */
  layout(id: InstanceId): InstanceLayout
  /**
   * Writes the spec down and makes it run. A program that already runs with another `instanceDigest` is NOT restarted
   * (see `restart`); files of kind `reload` are replaced under it. Throws NoSpace, NotFound (unknown program).
   */
  ensure(spec: InstanceSpec): Promise<void>
  /**
   * Ends the process that is observed with `pid` (a signal, then the grace), so that the spec written down runs next.
   * Answers at once; when `pid` is no longer the program, does nothing. Acts on unsupervised programs, too.
   */
  restart(id: InstanceId, pid: number): Promise<void>
  /** Down, and stays down, until `ensure`. `graceSeconds` overrides the spec's. `gone` only when no process is left. */
  stop(id: InstanceId, options?: { graceSeconds?: number }): Promise<'stopping' | 'gone'>
  /** Stops it and forgets files, logs and spec. `gone` only when nothing is left; until then `observe` shows it. */
  remove(id: InstanceId, options?: { graceSeconds?: number }): Promise<'stopping' | 'gone'>
  /**
   * Complete or throws. One that was only half written down or removed is shown, too, without `writtenDigest`; where no
   * more than its name is left, that stands for its component.
   */
  observe(cluster: ClusterId): Promise<readonly ObservedInstance[]>
  /** Every cluster of which this host knows an instance. Complete or throws. */
  clusters(): Promise<readonly ClusterId[]>
}
