export { type CheckOptions, checkSources, type SourceCheck } from './check-sources.ts'
export { type EnsureOptions, ensurePrograms, type InstalledSet } from './ensure-programs.ts'
export { DistributionError, type DistributionFault } from './faults.ts'
export type { ProgramRequest } from './program-request.ts'
export {
  type Platform,
  PROGRAMS,
  type ProgramName,
  type ProgramReference,
  type ProgramSet,
  programSetOf,
} from './programs.ts'
export type { ProgressEvent, ProgressPhase, SourceName } from './progress.ts'
export {
  defaultRelease,
  type Release,
  releaseOf,
  releases,
  type SupportStatus,
  supportStatus,
} from './releases/index.ts'
export { findGo, type GoSearch } from './sources/index.ts'
export { isInstalled, programPath, storeRoot } from './store/index.ts'
