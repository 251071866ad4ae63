export * from './installation/index.ts'
export {
  DEFAULT_FLOOR_BYTES,
  type LocalSubstrate,
  type LocalSubstrateOptions,
  openLocalSubstrate,
} from './local-substrate.ts'
export * from './program-resolver.ts'
export {
  type EndingProgram,
  ensureTrees,
  findAbandonedProcesses,
  type StopTreesOptions,
  stopTrees,
  type TreeOptions,
} from './supervision/index.ts'
