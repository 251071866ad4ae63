import { type MachineSpec, machineDigest, type ObservedMachine } from '@evenkeel/substrate'

/** How long things take, in milliseconds. */
export interface MachineTiming {
  /** From a start of the machine to its running programs. */
  readonly bootMs: number
  /** From the end of one program to its next process. */
  readonly restartMs: number
  /** From the wish that it goes to its end. */
  readonly stopMs: number
}

/** What is wrong with a machine: it never comes up, or comes up later. */
export type MachineAilment = { readonly kind: 'never-boots' } | { readonly kind: 'slow'; readonly byMs: number }

/** What it has to know of the world. */
export interface MachineSurroundings {
  readonly timing: MachineTiming
  nextPid(): number
}

interface Process {
  pid: number | undefined
  /** When the next one will be there; absent while one is there, and where nobody starts any. */
  startsAtMs: number | undefined
}

/** One machine. What happens to it happens when the clock says so, whoever looks: `lookAt` brings it there. */
export class SimulatedMachine {
  #spec: MachineSpec
  readonly #surroundings: MachineSurroundings
  readonly #processes = new Map<string, Process>()
  #ailment: MachineAilment | undefined
  #bootsSinceMs: number | undefined
  #endsAtMs: number | undefined
  #isDead = false

  constructor(spec: MachineSpec, nowMs: number, surroundings: MachineSurroundings) {
    this.#spec = spec
    this.#surroundings = surroundings
    this.boot(nowMs)
  }

  get spec(): MachineSpec {
    return this.#spec
  }

  get isEnding(): boolean {
    return this.#endsAtMs !== undefined
  }

  /** What it is to start with next. */
  write(spec: MachineSpec, nowMs: number): void {
    this.#spec = spec
    if (this.#isDead) this.boot(nowMs)
  }

  /** Whatever runs ends, and it starts from its disk. */
  boot(nowMs: number): void {
    this.#isDead = false
    this.#processes.clear()
    this.#bootsSinceMs = nowMs
  }

  /** It is off, as after a power cut: somebody has to start it. */
  die(): void {
    this.#isDead = true
    this.#bootsSinceMs = undefined
    this.#processes.clear()
  }

  killProgram(name: string, nowMs: number): void {
    const process = this.#processes.get(name)
    if (process?.pid === undefined) return
    process.pid = undefined
    process.startsAtMs = nowMs + this.#surroundings.timing.restartMs
  }

  end(nowMs: number): void {
    this.#endsAtMs ??= nowMs + this.#surroundings.timing.stopMs
  }

  afflict(ailment: MachineAilment | undefined): void {
    this.#ailment = ailment
  }

  /** Brings it to what the clock says. False when it was to be removed and nothing of it is left. */
  lookAt(nowMs: number): boolean {
    if (this.#endsAtMs !== undefined && this.#endsAtMs <= nowMs) return false
    const slowMs = this.#ailment?.kind === 'slow' ? this.#ailment.byMs : 0
    const bootedAtMs = (this.#bootsSinceMs ?? Number.POSITIVE_INFINITY) + this.#surroundings.timing.bootMs + slowMs
    if (this.#ailment?.kind !== 'never-boots' && bootedAtMs <= nowMs) {
      this.#bootsSinceMs = undefined
      for (const { name } of this.#spec.programs) {
        this.#processes.set(name, { pid: this.#surroundings.nextPid(), startsAtMs: undefined })
      }
    }
    for (const process of this.#processes.values()) {
      if (process.startsAtMs === undefined || process.startsAtMs > nowMs) continue
      process.pid = this.#surroundings.nextPid()
      process.startsAtMs = undefined
    }
    return true
  }

  observed(): ObservedMachine {
    const { cluster, name, zone, instanceType, programs } = this.#spec
    return {
      cluster,
      name,
      zone,
      instanceType,
      state: this.#state(),
      digest: machineDigest(this.#spec),
      programs: programs.map((program) => {
        const pid = this.#processes.get(program.name)?.pid
        const off = this.#isDead ? 'stopped' : 'starting'
        return pid === undefined ? { name: program.name, state: off } : { name: program.name, state: 'running', pid }
      }),
    }
  }

  #state(): ObservedMachine['state'] {
    if (this.isEnding) return 'stopping'
    if (this.#isDead) return 'stopped'
    const isUp = this.#bootsSinceMs === undefined
    return isUp && [...this.#processes.values()].every(({ pid }) => pid !== undefined) ? 'running' : 'booting'
  }
}
