import type { Platform, ProgramName, ProgramSet } from '../programs.ts'
import type { Report, SourceName } from '../progress.ts'

/** What is wanted of a source: programs of one set at one version. */
export interface Wanted {
  readonly set: ProgramSet
  readonly version: string
  readonly programs: readonly ProgramName[]
  readonly platform: Platform
}

/** Where and how a source is to work. */
export interface FetchJob {
  /** Empty folder that is to hold the programs under their names, and nothing else. */
  readonly programs: string
  /** Empty folder for anything else, thrown away afterwards. */
  readonly scratch: string
  /** Folder of partial downloads, kept between runs. */
  readonly partials: string
  readonly signal: AbortSignal
  readonly report: Report
}

/** A source has what is wanted, as far as can be known without fetching it. */
export interface Offer {
  /** For people: `dl.k8s.io`, `Go modules with go1.26.8`. */
  readonly origin: string
  /**
   * Brings at least the wanted programs. Throws `SourceSkip` where the next source is to be asked, `DistributionError`
   * where asking on would be wrong.
   */
  fetch(job: FetchJob): Promise<void>
}

export interface Source {
  readonly name: SourceName
  /** Throws `SourceSkip` where it has not what is wanted or gives no answer. */
  look(wanted: Wanted, signal: AbortSignal): Promise<Offer>
}

/** This source has it not, or does not answer: the next one is asked, and people are told why. */
export class SourceSkip extends Error {
  override readonly name = 'SourceSkip'
  /** What would make this source work, where that is known. */
  readonly mend: string | undefined
  /** Debian packages that would make this source work. */
  readonly packages: readonly string[]

  constructor(
    reason: string,
    options: ErrorOptions & { readonly mend?: string; readonly packages?: readonly string[] } = {},
  ) {
    super(reason, options)
    this.mend = options.mend
    this.packages = options.packages ?? []
  }
}
