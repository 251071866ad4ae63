export { floorBytesOf } from './floor.ts'
export * from './installation/index.ts'
export {
  type LocalSubstrate,
  type LocalSubstrateOptions,
  openLocalSubstrate,
} from './local-substrate.ts'
export { type Lack, whatMachinesLack } from './machines/index.ts'
export {
  ensureNodeNetwork,
  findAbandonedNamespaces,
  isNodeNetworkPresent,
  NAMESPACE_VARIABLE,
  type PrivateNode,
  privateNodeOf,
  removeNodeNetwork,
  whyNoPrivateNetworks,
} from './private-network/index.ts'
export * from './program-resolver.ts'
export { type StopTreesOptions, stopTrees } from './stop-trees.ts'
export {
  type EndingProgram,
  ensureTrees,
  findAbandonedProcesses,
  type TreeOptions,
} from './supervision/index.ts'
