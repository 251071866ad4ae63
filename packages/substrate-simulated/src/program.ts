import { filesDigest, type InstanceSpec, instanceDigest, type ObservedInstance } from '@evenkeel/substrate'

/** How long things take, in milliseconds. */
export interface ProgramTiming {
  /** From `ensure`, or from an end, to a process. */
  readonly startMs: number
  /** From a process to an answer. */
  readonly readyMs: number
  /** From a signal to the end, where the grace allows it. */
  readonly stopMs: number
}

/** What is wrong with a program: its process never comes, comes later, or never answers. */
export type Ailment =
  | { readonly kind: 'never-starts' }
  | { readonly kind: 'slow'; readonly byMs: number }
  | { readonly kind: 'silent' }

/** What it has to know of the world. */
export interface Surroundings {
  readonly timing: ProgramTiming
  nextPid(): number
  isZoneUp(place: string): boolean
}

interface Written {
  readonly spec: InstanceSpec
  readonly digest: string
  readonly filesDigest: string
}

interface Process {
  readonly pid: number
  readonly startedAtMs: number
  /** Of the spec that it was started with; absent where that was forgotten. */
  readonly digest: string | undefined
}

/** One program. What happens to it happens when the clock says so, whoever looks: `lookAt` brings it there. */
export class SimulatedProgram {
  readonly #told: InstanceSpec
  readonly #surroundings: Surroundings
  #written: Written | undefined
  #process: Process | undefined
  #wanted: 'up' | 'down' | 'removed' = 'up'
  #isSupervised = true
  #ailment: Ailment | undefined
  /** When the next process will be there, and when this one will have ended. */
  #startsAtMs: number | undefined
  #endsAtMs: number | undefined

  constructor(spec: InstanceSpec, nowMs: number, surroundings: Surroundings) {
    this.#told = spec
    this.#written = writtenOf(spec)
    this.#surroundings = surroundings
    this.#startsAtMs = nowMs + surroundings.timing.startMs
  }

  get place(): string {
    return this.#told.place
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Was told to end, and has not ended yet. */
  get isEnding(): boolean {
    return this.#endsAtMs !== undefined
  }

  /** Asked for with this spec; a process with another one goes on. */
  ensure(spec: InstanceSpec, nowMs: number): void {
    this.#written = writtenOf(spec)
    if (this.#wanted === 'up') return
    this.#wanted = 'up'
    // One that is still ending is followed when it has ended.
    if (this.#process === undefined) this.#startsAtMs = nowMs + this.#surroundings.timing.startMs
  }

  /** Has run this spec for so long that it answers. */
  settle(nowMs: number): void {
    const { timing, nextPid } = this.#surroundings
    this.#process = { pid: nextPid(), startedAtMs: nowMs - timing.readyMs, digest: this.#written?.digest }
    this.#startsAtMs = undefined
  }

  /** A signal to the process, which may take so long at most. */
  end(nowMs: number, graceMs: number): void {
    if (this.#process === undefined) return
    const endsAtMs = nowMs + Math.min(this.#surroundings.timing.stopMs, graceMs)
    this.#endsAtMs = Math.min(this.#endsAtMs ?? endsAtMs, endsAtMs)
  }

  /** Down for now (`down`) or for good (`removed`). */
  want(state: 'down' | 'removed'): void {
    this.#wanted = state
    this.#startsAtMs = undefined
  }

  afflict(ailment: Ailment | undefined): void {
    this.#ailment = ailment
  }

  loseSupervisor(): void {
    if (this.#process !== undefined) this.#isSupervised = false
  }

  /** Spec, files and supervision are gone; the process lives on. */
  wipe(): void {
    this.loseSupervisor()
    this.#written = undefined
    if (this.#process !== undefined) this.#process = { ...this.#process, digest: undefined }
  }

  /** Brings it to what the clock says. False when it was to be removed and nothing of it is left. */
  lookAt(nowMs: number): boolean {
    const isZoneUp = this.#surroundings.isZoneUp(this.place)
    if (!isZoneUp && this.#process !== undefined) this.#endsAtMs = nowMs
    if (this.#endsAtMs !== undefined && this.#endsAtMs <= nowMs) this.#finish(this.#endsAtMs)
    if (!isZoneUp || this.#ailment?.kind === 'never-starts') {
      if (this.#startsAtMs !== undefined) this.#startsAtMs = nowMs + this.#surroundings.timing.startMs
    } else if (this.#startsAtMs !== undefined && this.#startsAtMs <= nowMs) {
      this.#begin(this.#startsAtMs)
    }
    return this.#wanted !== 'removed' || this.#process !== undefined
  }

  /** Whether it would answer that it is ready. */
  isReady(nowMs: number): boolean {
    if (this.#process === undefined || this.#endsAtMs !== undefined || this.#ailment?.kind === 'silent') return false
    const slowMs = this.#ailment?.kind === 'slow' ? this.#ailment.byMs : 0
    return nowMs - this.#process.startedAtMs >= this.#surroundings.timing.readyMs + slowMs
  }

  observed(): ObservedInstance {
    const { cluster, name, component, place } = this.#told
    const written = this.#written
    const { pid, startedAtMs, digest } = this.#process ?? {}
    return {
      cluster,
      name,
      component,
      place,
      program: (written?.spec ?? this.#told).program,
      state: this.#state(),
      ...(digest === undefined ? {} : { runningDigest: digest }),
      ...(written === undefined ? {} : { writtenDigest: written.digest, filesDigest: written.filesDigest }),
      ...(pid === undefined || startedAtMs === undefined ? {} : { pid, startedAt: startedAtMs }),
    }
  }

  #state(): ObservedInstance['state'] {
    if (this.#process === undefined) return this.#wanted === 'up' ? 'starting' : 'stopped'
    return this.#isSupervised ? 'running' : 'unsupervised'
  }

  #finish(atMs: number): void {
    this.#process = undefined
    this.#endsAtMs = undefined
    this.#isSupervised = true
    this.#startsAtMs = this.#wanted === 'up' ? atMs + this.#surroundings.timing.startMs : undefined
  }

  #begin(atMs: number): void {
    this.#process = { pid: this.#surroundings.nextPid(), startedAtMs: atMs, digest: this.#written?.digest }
    this.#startsAtMs = undefined
  }
}

function writtenOf(spec: InstanceSpec): Written {
  return { spec, digest: instanceDigest(spec), filesDigest: filesDigest(spec) }
}
