import type { Clock, Logger } from '@evenkeel/kernel'
import {
  type InstanceHost,
  type InstanceId,
  type InstanceSpec,
  instanceDigest,
  type ObservedInstance,
} from '@evenkeel/substrate'

/** What keeps programs running where keepers stand, and which programs are the installation's own. */
export interface Supervision {
  /** Puts back what supervises programs. Says what it did, in words; nothing when all was well. */
  ensureTrees(): Promise<readonly string[]>
  /** Our own programs: keepers, authenticators, the service. */
  ownPrograms(): readonly InstanceSpec[]
  /** The keeper that this is. */
  readonly self: InstanceId
}

export type OwnProgramStep =
  | { readonly kind: 'EnsureInstance'; readonly instance: InstanceSpec }
  | { readonly kind: 'RestartInstance'; readonly instance: InstanceId; readonly pid: number }

/**
 * What to do about our own programs. Missing ones, and those that do not come up, are written down and started. One that is written down otherwise is
 * left alone: `up` brings in new versions, and an old keeper is not to undo that. Those that have lost their supervisor
 * are restarted one after the other while all others run, this keeper last. Pure.
 */
export function planOwnPrograms(
  specs: readonly InstanceSpec[],
  observed: readonly ObservedInstance[],
  self: InstanceId,
): readonly OwnProgramStep[] {
  const found = new Map(observed.map((instance) => [instance.name, instance]))
  const missing = specs.filter((spec) => {
    const instance = found.get(spec.name)
    const isStuck = instance?.state === 'starting' && instance.writtenDigest === instanceDigest(spec)
    return instance?.writtenDigest === undefined || isStuck
  })
  if (missing.length > 0) {
    return missing.map((instance) => ({ kind: 'EnsureInstance', instance }))
  }
  const wanted = specs.flatMap(({ name }) => found.get(name) ?? [])
  if (wanted.some(({ state }) => state === 'starting')) {
    return []
  }
  const lost = wanted.filter(({ state }) => state === 'unsupervised')
  const next = lost.find(({ name }) => name !== self.name) ?? lost[0]
  return next?.pid === undefined
    ? []
    : [{ kind: 'RestartInstance', instance: { cluster: next.cluster, name: next.name }, pid: next.pid }]
}

export interface SupervisionOptions {
  readonly supervision: Supervision
  readonly instances: InstanceHost
  readonly clock: Clock
  readonly log: Logger
  /** Something was put back: whoever stands on it may have lost more. */
  repaired(): void
}

/** Trees are watched by each other, too; this finds what was lost with all of them. */
const INTERVAL_MS = 2000

/** Repairs until `signal` is aborted. A failure is logged when it is a new one. */
export async function keepSupervision(options: SupervisionOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options
  let failure = ''
  while (!signal.aborted) {
    try {
      const deeds = await repair(options)
      for (const deed of deeds) {
        log.info({ deed }, 'supervision repaired')
      }
      if (deeds.length > 0) {
        options.repaired()
      }
      failure = ''
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err)
      if (message !== failure) {
        failure = message
        log.error({ err }, 'supervision could not be repaired: tried again')
      }
    }
    // An abort ends the wait and the loop.
    await clock.sleep(INTERVAL_MS, signal).catch(() => {})
  }
}

async function repair({ supervision, instances }: SupervisionOptions): Promise<readonly string[]> {
  const deeds = [...(await supervision.ensureTrees())]
  const specs = supervision.ownPrograms()
  const observed = await instances.observe(supervision.self.cluster)
  for (const step of planOwnPrograms(specs, observed, supervision.self)) {
    deeds.push(`${step.kind} ${step.instance.name}`)
    if (step.kind === 'EnsureInstance') {
      await instances.ensure(step.instance)
    } else {
      await instances.restart(step.instance, step.pid)
    }
  }
  return deeds
}
