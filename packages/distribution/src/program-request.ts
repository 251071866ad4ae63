import { DistributionError } from './faults.ts'
import {
  currentPlatform,
  PROGRAM_SETS,
  PROGRAMS,
  type ProgramName,
  type ProgramSet,
  programSetOf,
  requireVersion,
} from './programs.ts'
import type { Wanted } from './sources/index.ts'

/** Versions that are wanted, such as `{ kubernetes: ['v1.37.2'], etcd: ['v3.7.3'] }`: nothing of any other set. */
export type ProgramRequest = { readonly [Set in ProgramSet]?: readonly string[] } & {
  /** Only these programs of them; all when not given. */
  readonly programs?: readonly ProgramName[]
}

/** The sets of a request, each version once. Throws where a program or version cannot be. */
export function wantedSets(request: ProgramRequest): readonly Wanted[] {
  const platform = currentPlatform()
  for (const program of request.programs ?? []) {
    const set = programSetOf(program)
    if ((request[set] ?? []).length === 0) {
      throw new DistributionError('invalid-request', `${program} is asked for without a version of ${set}`)
    }
  }
  return PROGRAM_SETS.flatMap((set) => {
    const programs = programsOf(set, request)
    if (programs.length === 0) return []
    return [...new Set(request[set] ?? [])].map((version) => {
      requireVersion(version)
      return { set, version, programs, platform }
    })
  })
}

function programsOf(set: ProgramSet, request: ProgramRequest): readonly ProgramName[] {
  const all: readonly ProgramName[] = PROGRAMS[set]
  return all.filter((program) => request.programs?.includes(program) ?? true)
}
