import {
  type Clock,
  isUnavailable,
  type KubeClient,
  KubeConnectionError,
  KubeconfigAbsentError,
  type Logger,
} from '@evenkeel/kernel'
import { type InstallHomeOptions, installHome, isInstalled } from './install.ts'

export interface HomeInstallationOptions extends Pick<InstallHomeOptions, 'releases' | 'clock' | 'deadlineMs'> {
  readonly client: KubeClient
  readonly log: Logger
  readonly clock: Clock
}

/** A home that is not there yet is about to come, and whoever runs `up` waits for what follows. */
const ABSENT_RETRY_MS = 300
/** What the home refuses, it refuses a moment later, too. */
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 10_000
/** What an earlier start has installed is looked at closely when whoever waits for this start has what they want. */
const CLOSER_LOOK_MS = 60_000
/** Releases leave support with time, and somebody may have changed what we installed. */
const AGAIN_MS = 6 * 3_600_000

/** Keeps what the service needs of its home installed: at start, and every few hours. */
export class HomeInstallation {
  readonly #options: HomeInstallationOptions
  #problem: string | undefined = 'the home has not been asked yet'

  constructor(options: HomeInstallationOptions) {
    this.#options = options
  }

  /** Undefined once everything is in force, for good: a home that is away later is somebody else's to say. */
  problem(): string | undefined {
    return this.#problem
  }

  /** Runs until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, log, releases, deadlineMs } = this.#options
    const options = { releases, clock, signal, ...(deadlineMs === undefined ? {} : { deadlineMs }) }
    let failures = 0
    while (!signal.aborted) {
      let waitMs = AGAIN_MS
      try {
        if (this.#problem !== undefined && (await isInstalled(client, options))) {
          log.info(
            { failures },
            'kinds, roles and admission policies of these sources are in force at the home already',
          )
          waitMs = CLOSER_LOOK_MS
        } else {
          await installHome(client, options)
          log.info({ failures }, 'kinds, roles and admission policies are in force at the home')
        }
        this.#problem = undefined
        failures = 0
      } catch (err) {
        if (signal.aborted) return
        if (this.#problem !== undefined) this.#problem = err instanceof Error ? err.message : String(err)
        // Once for each outage: the home may well start after the service.
        if (failures === 0 && err instanceof KubeconfigAbsentError) {
          log.info({ reason: err.message }, 'waiting for the home to be made')
        } else if (failures === 0) {
          const cause = err instanceof KubeConnectionError ? { reason: err.message } : { err }
          log.warn(cause, 'the home cannot be brought up to date yet: it is tried again')
        }
        waitMs = this.#retryMs(err, failures)
        failures += 1
      }
      // An abort ends the wait and the loop.
      await clock.sleep(waitMs, signal).catch(() => {})
    }
  }

  #retryMs(error: unknown, failures: number): number {
    if (this.#problem !== undefined && isUnavailable(error)) return ABSENT_RETRY_MS
    return Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), LONGEST_RETRY_MS)
  }
}
