import type { Clock } from '@evenkeel/kernel'
import {
  type ClusterId,
  type InstanceHost,
  type InstanceId,
  type InstanceSpec,
  type ObservedInstance,
  type Place,
  type ProgramRef,
  SubstrateFault,
  type Zone,
} from '@evenkeel/substrate'
import { type Ailment, type ProgramTiming, SimulatedProgram } from './program.ts'
import type { Refusals } from './refusals.ts'

export interface InstanceHostOptions {
  readonly clock: Clock
  readonly timing: ProgramTiming
  readonly refusals: Refusals
  readonly isVolumePresent: (cluster: ClusterId, name: string) => boolean
  /** Whether a program can be had here. */
  readonly hasProgram: (program: ProgramRef) => boolean
  readonly note: (change: string) => void
}

/** Programs in memory. */
export class SimulatedInstanceHost implements InstanceHost {
  readonly #options: InstanceHostOptions
  readonly #clusters = new Map<ClusterId, Map<string, SimulatedProgram>>()
  /** Of programs that may not be there yet, too. */
  readonly #ailments = new Map<string, Ailment>()
  readonly #lostZones = new Set<Zone>()
  #lastPid = 100

  constructor(options: InstanceHostOptions) {
    this.#options = options
  }

  layout(id: InstanceId) {
    return {
      filesRoot: `/simulated/run/${id.cluster}/${id.name}`,
      volumePath: (volume: string) => `/simulated/volumes/${id.cluster}/${volume}`,
    }
  }

  async ensure(spec: InstanceSpec): Promise<void> {
    this.#options.refusals.check('instances.ensure')
    const { name, version } = spec.program
    if (!this.#options.hasProgram(spec.program)) {
      throw new SubstrateFault('NotFound', `${keyOf(spec)} cannot run: there is no ${name} ${version} here`)
    }
    const missing = spec.volumes.find((volume) => !this.#options.isVolumePresent(spec.cluster, volume))
    if (missing !== undefined) {
      throw new SubstrateFault('NotFound', `${keyOf(spec)} cannot run: its volume ${missing} is not there`)
    }
    const known = this.#look(spec)
    if (known === undefined) {
      this.#add(spec)
      this.#options.note(`start ${keyOf(spec)}`)
    } else {
      known.ensure(spec, this.#nowMs)
    }
  }

  async restart(id: InstanceId, pid: number): Promise<void> {
    this.#options.refusals.check('instances.restart')
    const program = this.#look(id)
    if (program?.pid !== pid || program.isEnding) return
    this.#options.note(`restart ${keyOf(id)}`)
    program.end(this.#nowMs, Number.POSITIVE_INFINITY)
  }

  async stop(id: InstanceId, options?: { readonly graceSeconds?: number }): Promise<'stopping' | 'gone'> {
    this.#options.refusals.check('instances.stop')
    return this.#end(id, 'down', options?.graceSeconds)
  }

  async remove(id: InstanceId, options?: { readonly graceSeconds?: number }): Promise<'stopping' | 'gone'> {
    this.#options.refusals.check('instances.remove')
    return this.#end(id, 'removed', options?.graceSeconds)
  }

  async observe(cluster: ClusterId): Promise<readonly ObservedInstance[]> {
    return this.#programsOf(cluster).map((program) => program.observed())
  }

  async clusters(): Promise<readonly ClusterId[]> {
    return [...this.#clusters.keys()].filter((cluster) => this.#programsOf(cluster).length > 0)
  }

  /** Whether a program would answer that it is ready. */
  isReady(cluster: ClusterId, name: string): boolean {
    return this.#look({ cluster, name })?.isReady(this.#nowMs) === true
  }

  /** A program that runs this spec already, and has done so for long. */
  settle(spec: InstanceSpec): void {
    this.#add(spec).settle(this.#nowMs)
  }

  /** From now on, whether it is there yet or not, until it is mended. */
  afflict(cluster: ClusterId, name: string, ailment: Ailment): void {
    this.#ailments.set(keyOf({ cluster, name }), ailment)
    this.#look({ cluster, name })?.afflict(ailment)
  }

  mend(cluster: ClusterId, name: string): void {
    this.#ailments.delete(keyOf({ cluster, name }))
    this.#look({ cluster, name })?.afflict(undefined)
  }

  /** SIGKILL from outside: its supervisor starts it again. */
  kill(cluster: ClusterId, name: string): void {
    this.#look({ cluster, name })?.end(this.#nowMs, 0)
  }

  /** Programs of a place live on without a supervisor. */
  loseSupervisor(cluster: ClusterId, place: Place): void {
    for (const program of this.#programsOf(cluster)) if (program.place === place) program.loseSupervisor()
  }

  /** Rendered files, specs and supervision of a cluster are gone; processes live on. */
  wipeRunFolder(cluster: ClusterId): void {
    for (const program of this.#programsOf(cluster)) program.wipe()
  }

  /** Every process of a zone ends, and none starts there until it is regained. */
  loseZone(zone: Zone): void {
    this.#lostZones.add(zone)
  }

  regainZone(zone: Zone): void {
    // What was to start while it was lost is told so before it is back.
    for (const cluster of this.#clusters.keys()) this.#programsOf(cluster)
    this.#lostZones.delete(zone)
  }

  get #nowMs(): number {
    return this.#options.clock.now()
  }

  #add(spec: InstanceSpec): SimulatedProgram {
    const program = new SimulatedProgram(spec, this.#nowMs, {
      timing: this.#options.timing,
      nextPid: () => {
        this.#lastPid += 1
        return this.#lastPid
      },
      isZoneUp: (place) => !this.#lostZones.has(place),
    })
    program.afflict(this.#ailments.get(keyOf(spec)))
    const programs = this.#clusters.get(spec.cluster) ?? new Map<string, SimulatedProgram>()
    this.#clusters.set(spec.cluster, programs.set(spec.name, program))
    return program
  }

  #end(id: InstanceId, state: 'down' | 'removed', graceSeconds: number | undefined): 'stopping' | 'gone' {
    const program = this.#look(id)
    if (program === undefined) return 'gone'
    program.want(state)
    program.end(this.#nowMs, graceSeconds === undefined ? Number.POSITIVE_INFINITY : graceSeconds * 1000)
    return this.#look(id)?.pid === undefined ? 'gone' : 'stopping'
  }

  #programsOf(cluster: ClusterId): SimulatedProgram[] {
    const names = [...(this.#clusters.get(cluster)?.keys() ?? [])]
    return names.flatMap((name) => this.#look({ cluster, name }) ?? [])
  }

  /** Brings a program to what the clock says. */
  #look(id: InstanceId): SimulatedProgram | undefined {
    const programs = this.#clusters.get(id.cluster)
    const program = programs?.get(id.name)
    if (programs === undefined || program === undefined || program.lookAt(this.#nowMs)) return program
    programs.delete(id.name)
    if (programs.size === 0) this.#clusters.delete(id.cluster)
    this.#options.note(`remove ${keyOf(id)}`)
    return undefined
  }
}

function keyOf({ cluster, name }: InstanceId): string {
  return `${cluster}/${name}`
}
