import { join } from 'node:path'
import { type EnsureOptions, ensurePrograms, type InstalledSet } from '../ensure-programs.ts'
import type { ProgramRequest } from '../program-request.ts'
import type { ProgressEvent } from '../progress.ts'
import type { Surroundings } from '../surroundings.ts'

/** A world without Go, without real sites and with little patience. `base`: what stands in for the official sites. */
export function surroundingsWith(base: string, changes: Partial<Surroundings> = {}): Surroundings {
  return {
    environment: {},
    timeouts: { connectMs: 500, idleMs: 400 },
    officialBase: base,
    pins: () => ({}),
    recipes: join(import.meta.dirname, '../../go'),
    usualPlacesOfGo: [],
    ...changes,
  }
}

export interface Run {
  readonly installed: readonly InstalledSet[]
  readonly error: unknown
  readonly events: readonly ProgressEvent[]
  /** Source, phase and message of the events, without those of bytes. */
  readonly story: readonly string[]
}

/** Runs `ensurePrograms` to its end, good or bad. */
export async function run(request: ProgramRequest, options: EnsureOptions): Promise<Run> {
  const events: ProgressEvent[] = []
  const onProgress = (event: ProgressEvent) => {
    events.push(event)
    options.onProgress?.(event)
  }
  let installed: readonly InstalledSet[] = []
  let error: unknown
  try {
    installed = await ensurePrograms(request, { ...options, onProgress })
  } catch (thrown) {
    error = thrown
  }
  const told = events.filter(({ doneBytes }) => doneBytes === undefined)
  return { installed, error, events, story: told.map((event) => `${event.source}: ${event.phase}: ${event.message}`) }
}
