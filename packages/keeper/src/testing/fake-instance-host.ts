import type { Clock } from '@evenkeel/kernel'
import {
  type ClusterId,
  filesDigest,
  type InstanceHost,
  type InstanceId,
  type InstanceSpec,
  instanceDigest,
  type ObservedEndpoint,
  type ObservedInstance,
  type Place,
} from '@evenkeel/substrate'

/** From `ensure` to a process. */
const START_MS = 400
/** From a process to an answer. */
const READY_MS = 2000
/** From a signal to the end. */
const STOP_MS = 600

interface Program {
  readonly id: InstanceId
  readonly component: string
  readonly place: Place
  written: InstanceSpec | undefined
  /** Digest that the process was started with. */
  runningDigest: string | undefined
  runningSpec: InstanceSpec | undefined
  pid: number | undefined
  startedAt: number
  supervised: boolean
  wanted: 'up' | 'down' | 'removed'
  /** When the process that was told to end will have ended. */
  endsAt: number | undefined
  /** When the next process will be there. */
  startsAt: number | undefined
  /** Balancers have no spec of ours. */
  endpointDigest?: string
}

/** Programs in memory. What happens happens when the clock says so, whoever looks. */
export class FakeInstanceHost implements InstanceHost {
  readonly journal: string[] = []
  readonly #clock: Clock
  readonly #refuse: (call: 'instances.ensure') => void
  readonly #programs = new Map<string, Program>()
  readonly #broken = new Set<string>()
  #nextPid = 100

  constructor(clock: Clock, refuse: (call: 'instances.ensure') => void) {
    this.#clock = clock
    this.#refuse = refuse
  }

  layout(id: InstanceId) {
    return {
      filesRoot: `/run/${id.cluster}/${id.name}`,
      volumePath: (volume: string) => `/volumes/${id.cluster}/${volume}`,
    }
  }

  async ensure(spec: InstanceSpec): Promise<void> {
    this.#refuse('instances.ensure')
    const key = keyOf(spec)
    const known = this.#programs.get(key)
    if (known === undefined) {
      this.journal.push(`start ${key}`)
      this.#programs.set(key, this.#born(spec, spec))
      return
    }
    known.written = spec
    if (known.wanted !== 'up') {
      known.wanted = 'up'
      known.startsAt = this.#clock.now() + START_MS
    }
  }

  async restart(id: InstanceId, pid: number): Promise<void> {
    const program = this.#look(id)
    if (program?.pid === pid && program.endsAt === undefined) {
      this.journal.push(`restart ${keyOf(id)}`)
      program.endsAt = this.#clock.now() + STOP_MS
    }
  }

  async stop(id: InstanceId): Promise<'stopping' | 'gone'> {
    const program = this.#look(id)
    if (program === undefined) {
      return 'gone'
    }
    program.wanted = 'down'
    program.startsAt = undefined
    if (program.pid === undefined) {
      return 'gone'
    }
    program.endsAt ??= this.#clock.now() + STOP_MS
    return 'stopping'
  }

  async remove(id: InstanceId): Promise<'stopping' | 'gone'> {
    const stopped = await this.stop(id)
    const program = this.#programs.get(keyOf(id))
    if (program !== undefined) {
      program.wanted = 'removed'
      this.#look(id)
    }
    return stopped
  }

  async observe(cluster: ClusterId): Promise<readonly ObservedInstance[]> {
    return [...this.#programs.values()].flatMap(({ id }) => {
      const program = id.cluster === cluster ? this.#look(id) : undefined
      return program === undefined ? [] : [observed(program)]
    })
  }

  async clusters(): Promise<readonly ClusterId[]> {
    return [...new Set([...this.#programs.values()].map(({ id }) => id.cluster))]
  }

  /** Whether the program would answer that it is ready. */
  isReady(cluster: ClusterId, name: string): boolean {
    const program = this.#look({ cluster, name })
    if (program?.pid === undefined || program.endsAt !== undefined || this.#broken.has(`${cluster}/${name}`)) {
      return false
    }
    return this.#clock.now() - program.startedAt >= READY_MS
  }

  /** The process runs and never answers, until it is mended. */
  break(cluster: ClusterId, name: string): void {
    this.#broken.add(`${cluster}/${name}`)
  }

  mend(cluster: ClusterId, name: string): void {
    this.#broken.delete(`${cluster}/${name}`)
  }

  /** SIGKILL from outside: its supervisor starts it again. */
  kill(cluster: ClusterId, name: string): void {
    const program = this.#look({ cluster, name })
    if (program?.pid !== undefined) {
      program.endsAt = this.#clock.now()
    }
  }

  /** Programs of a place live on without a supervisor. */
  loseSupervisor(cluster: ClusterId, place: Place): void {
    for (const program of this.#of(cluster)) {
      program.supervised = program.place === place ? false : program.supervised
    }
  }

  /** Rendered files, specs and supervision are gone; processes live on. */
  wipeRunFolder(cluster: ClusterId): void {
    for (const program of this.#of(cluster)) {
      program.supervised = false
      program.written = undefined
      program.runningDigest = undefined
      delete program.endpointDigest
    }
  }

  ensureBalancers(cluster: ClusterId, digest: string): void {
    for (const name of ['endpoint-1', 'endpoint-2']) {
      const id = { cluster, name }
      const program = this.#programs.get(keyOf(id)) ?? this.#born({ ...id, component: 'endpoint', place: 'region' })
      program.endpointDigest = digest
      program.runningDigest ??= digest
      program.wanted = 'up'
      this.#programs.set(keyOf(id), program)
    }
  }

  observeBalancers(cluster: ClusterId): ObservedEndpoint {
    const programs = this.#of(cluster).filter((program) => program.component === 'endpoint')
    const digests = new Set(programs.map((program) => program.endpointDigest))
    const [digest] = digests
    return {
      cluster,
      balancers: programs.map((program) => {
        const { state } = observed(program)
        return { name: program.id.name, state: state === 'stopped' ? 'starting' : state }
      }),
      ...(digests.size === 1 && digest !== undefined ? { digest } : {}),
    }
  }

  async removeBalancers(cluster: ClusterId): Promise<'stopping' | 'gone'> {
    const balancers = this.#of(cluster).filter((program) => program.component === 'endpoint')
    const answers = await Promise.all(balancers.map((program) => this.remove(program.id)))
    return answers.includes('stopping') ? 'stopping' : 'gone'
  }

  #of(cluster: ClusterId): Program[] {
    return [...this.#programs.values()].flatMap(({ id }) => {
      const program = id.cluster === cluster ? this.#look(id) : undefined
      return program === undefined ? [] : [program]
    })
  }

  #born(id: InstanceId & { component: string; place: Place }, spec?: InstanceSpec): Program {
    return {
      id: { cluster: id.cluster, name: id.name },
      component: id.component,
      place: id.place,
      written: spec,
      runningDigest: undefined,
      runningSpec: undefined,
      pid: undefined,
      startedAt: 0,
      supervised: true,
      wanted: 'up',
      endsAt: undefined,
      startsAt: this.#clock.now() + START_MS,
    }
  }

  /** Brings a program to what the clock says. */
  #look(id: InstanceId): Program | undefined {
    const program = this.#programs.get(keyOf(id))
    if (program === undefined) {
      return undefined
    }
    const now = this.#clock.now()
    if (program.endsAt !== undefined && program.endsAt <= now) {
      const isUp = program.wanted === 'up'
      program.pid = undefined
      program.runningDigest = undefined
      program.startsAt = isUp ? program.endsAt + START_MS : undefined
      program.endsAt = undefined
      program.supervised = true
    }
    if (program.startsAt !== undefined && program.startsAt <= now) {
      this.#nextPid += 1
      program.pid = this.#nextPid
      program.startedAt = program.startsAt
      program.runningDigest = program.written === undefined ? program.endpointDigest : instanceDigest(program.written)
      program.runningSpec = program.written
      program.startsAt = undefined
    }
    if (program.wanted === 'removed' && program.pid === undefined) {
      this.#programs.delete(keyOf(id))
      this.journal.push(`remove ${keyOf(id)}`)
      return undefined
    }
    return program
  }
}

function observed(program: Program): ObservedInstance {
  const { id, component, place, written, runningDigest, pid, startedAt, supervised, wanted, endpointDigest } = program
  const writtenDigest = written === undefined ? endpointDigest : instanceDigest(written)
  const state = pid === undefined ? (wanted === 'up' ? 'starting' : 'stopped') : supervised ? 'running' : 'unsupervised'
  return {
    ...id,
    component,
    place,
    program: written?.program ?? { name: component, version: 'system' },
    state,
    ...(runningDigest === undefined ? {} : { runningDigest }),
    ...(writtenDigest === undefined ? {} : { writtenDigest }),
    ...(written === undefined ? {} : { filesDigest: filesDigest(written) }),
    ...(pid === undefined ? {} : { pid, startedAt }),
  }
}

function keyOf(id: InstanceId): string {
  return `${id.cluster}/${id.name}`
}
