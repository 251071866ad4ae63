import { access } from 'node:fs/promises'
import {
  ensureImages,
  ensurePrograms,
  type Image,
  type ImageName,
  type ImageRequest,
  isInstalled,
  nodeImageRequest,
  nodeProgramRequest,
  type ProgramName,
  type ProgramReference,
  type ProgramRequest,
  type ProgressEvent,
  placedImagePath,
  placeImages,
  programSetOf,
  releases,
  wantedImages,
} from '@evenkeel/distribution'
import type { Clock, Logger } from '@evenkeel/kernel'
import type { Programs, ProgramsState, Release } from '../control-plane/index.ts'
import type { NodeVersions } from '../node/index.ts'
import type { NodePrograms } from '../node-group/index.ts'

const KUBERNETES: readonly ProgramName[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
const ETCD: readonly ProgramName[] = ['etcd']
/** What is in the store stays there, as a rule. */
const PRESENT_FOR_MS = 30_000
const RETRY_AFTER_MS = 30_000

interface Arrival {
  readonly state: 'arriving' | 'failed'
  readonly detail: string
  readonly sinceMs: number
}

/** What `distribution` does for us; others stand in for it in tests. */
export interface ProgramSource {
  isInstalled(program: { readonly name: string; readonly version: string }): Promise<boolean>
  ensurePrograms(...call: Parameters<typeof ensurePrograms>): Promise<unknown>
  ensureImages(...call: Parameters<typeof ensureImages>): ReturnType<typeof ensureImages>
}

export interface StoreProgramsOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Arrivals end when it is aborted, and are taken up again by whoever asks next. */
  readonly signal: AbortSignal
  readonly source?: ProgramSource
  /** Where nodes find archives of images; nodes need none where it is not given. */
  readonly imageFolder?: string
}

/** Programs that belong together, and how they are asked for. */
interface Wanted {
  /** For log lines, too. */
  readonly key: string
  readonly programs: readonly ProgramReference[]
  readonly request: ProgramRequest
  /** Absent where none are wanted. */
  readonly images?: ImageRequest
}

/** Programs of the store that all installations of a user share (`EVENKEEL_STORE`). */
export class StorePrograms implements Programs, NodePrograms {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #source: ProgramSource
  readonly #presentUntilMs = new Map<string, number>()
  readonly #arrivals = new Map<string, Arrival>()
  readonly #signal: AbortSignal
  readonly #imageFolder: string | undefined

  constructor(options: StoreProgramsOptions) {
    this.#clock = options.clock
    this.#log = options.log
    this.#signal = options.signal
    this.#source = options.source ?? { isInstalled, ensurePrograms, ensureImages }
    this.#imageFolder = options.imageFolder
  }

  async observe(what: Release | NodeVersions): Promise<ProgramsState> {
    const wanted = wantedOf(what)
    const { key } = wanted
    const nowMs = this.#clock.now()
    if ((this.#presentUntilMs.get(key) ?? 0) > nowMs) {
      return { state: 'present' }
    }
    const arrival = this.#arrivals.get(key)
    if (arrival?.state === 'arriving') {
      return { state: 'arriving' }
    }
    if (await this.#isPresent(wanted)) {
      this.#presentUntilMs.set(key, nowMs + PRESENT_FOR_MS)
      return { state: 'present' }
    }
    const isRecent = arrival !== undefined && nowMs - arrival.sinceMs < RETRY_AFTER_MS
    return isRecent ? { state: 'failed', detail: arrival.detail } : { state: 'absent' }
  }

  request(what: Release | NodeVersions): void {
    const wanted = wantedOf(what)
    if (this.#arrivals.get(wanted.key)?.state === 'arriving') {
      return
    }
    this.#arrivals.set(wanted.key, { state: 'arriving', detail: '', sinceMs: this.#clock.now() })
    void this.#bring(wanted)
  }

  async #isPresent({ programs, images }: Wanted): Promise<boolean> {
    const found = await Promise.all([
      ...programs.map((program) => this.#source.isInstalled(program)),
      ...wantedImages(images ?? {}).map((image) => this.#isPlaced(image)),
    ])
    return found.every(Boolean)
  }

  async #isPlaced(image: Image): Promise<boolean> {
    if (this.#imageFolder === undefined) {
      return true
    }
    return await access(placedImagePath(this.#imageFolder, image)).then(
      () => true,
      () => false,
    )
  }

  async #bring({ key, request, images }: Wanted): Promise<void> {
    const log = this.#log.child({ programs: key })
    let phase = ''
    const onProgress = (event: ProgressEvent): void => {
      if (event.phase !== phase) {
        phase = event.phase
        log.info({ set: event.set, source: event.source, phase }, event.message)
      }
    }
    try {
      await this.#source.ensurePrograms(request, { onProgress, signal: this.#signal })
      if (this.#imageFolder !== undefined && images !== undefined) {
        const installed = await this.#source.ensureImages(images, { onProgress, signal: this.#signal })
        await placeImages(this.#imageFolder, installed)
      }
      this.#arrivals.delete(key)
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      this.#arrivals.set(key, { state: 'failed', detail, sinceMs: this.#clock.now() })
      log.warn({ err: error }, 'programs did not arrive: tried again after a while')
    }
  }
}

function wantedOf(what: Release | NodeVersions): Wanted {
  return 'etcd' in what ? controlPlaneWanted(what) : nodeWanted(what)
}

function controlPlaneWanted({ kubernetes, etcd }: Release): Wanted {
  return {
    key: `kubernetes ${kubernetes}, etcd ${etcd}`,
    programs: [
      ...KUBERNETES.map((name) => ({ name, version: kubernetes })),
      ...ETCD.map((name) => ({ name, version: etcd })),
    ],
    request: { kubernetes: [kubernetes], etcd: [etcd], programs: [...KUBERNETES, ...ETCD] },
  }
}

function nodeWanted(versions: NodeVersions): Wanted {
  const request = nodeProgramRequest(versions)
  const programs = (request.programs ?? []).flatMap((name) =>
    (request[programSetOf(name)] ?? []).map((version) => ({ name, version })),
  )
  return { key: `nodes ${versions.releaseVersion}`, programs, request, images: nodeImages() }
}

/** A node may be of an older minor than its cluster, whose add-ons it runs: each has those of all minors. */
function nodeImages(): ImageRequest {
  const requests = releases().map(nodeImageRequest)
  const versionsOf = (name: ImageName) => requests.flatMap((request) => request[name] ?? [])
  return { pause: versionsOf('pause'), coredns: versionsOf('coredns'), 'metrics-server': versionsOf('metrics-server') }
}
