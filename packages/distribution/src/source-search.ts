import { DistributionError } from './faults.ts'
import type { ProgressLine } from './progress-line.ts'
import { type Offer, publishingSite, type Source, SourceSkip, type Wanted } from './sources/index.ts'

export interface FoundSource {
  readonly source: Source
  readonly offer: Offer
}

/** Asks sources in order for one set, and remembers what each that is passed over has said. */
export class SourceSearch {
  readonly #wanted: Wanted
  readonly #line: ProgressLine
  readonly #left: Source[]
  readonly #refusals: { readonly source: Source; readonly skip: SourceSkip }[] = []

  constructor(wanted: Wanted, sources: readonly Source[], line: ProgressLine) {
    this.#wanted = wanted
    this.#line = line
    this.#left = [...sources]
  }

  /** The next source that has what is wanted. Throws `no-source` or `no-tools` when there is none left. */
  async next(signal: AbortSignal): Promise<FoundSource> {
    for (let source = this.#left.shift(); source !== undefined; source = this.#left.shift()) {
      this.#line.report({ phase: 'looking', message: `asking ${SOURCE_WORDS[source.name]}` }, source.name)
      try {
        return { source, offer: await source.look(this.#wanted, signal) }
      } catch (error) {
        this.pass(source, error)
      }
    }
    throw this.#nothingLeft()
  }

  /** Goes on to the next source after a `SourceSkip`; throws any other error. */
  pass(source: Source, error: unknown): void {
    if (!(error instanceof SourceSkip)) throw error
    this.#refusals.push({ source, skip: error })
    this.#line.report({ phase: 'skipped-source', message: error.message }, source.name)
  }

  #nothingLeft(): DistributionError {
    const { set, version } = this.#wanted
    const said = this.#refusals.map(({ source, skip }) => `  ${SOURCE_WORDS[source.name]}: ${skip.message}`)
    const mends = this.#refusals.flatMap(({ skip }) => skip.mend ?? [])
    const site = publishingSite(set)
    const mirrors = site === undefined ? [] : [`set EVENKEEL_MIRROR to a mirror that has ${site}`]
    const next = [...mends, ...mirrors].join(', or ') || 'name another version'
    // A mend that is known is a build's: the sites are out of our hands.
    const fault = mends.length > 0 ? 'no-tools' : 'no-source'
    return new DistributionError(fault, [`${set} ${version} cannot be had:`, ...said, `To go on, ${next}.`].join('\n'))
  }
}

export const SOURCE_WORDS = {
  store: 'the store',
  official: 'the official sites',
  mirror: 'the mirror',
  build: 'the build from Go modules',
} as const
