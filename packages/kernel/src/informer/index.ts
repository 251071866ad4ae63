export { Informer, type InformerOptions } from './informer.ts'
export { type Change, isAsNew, keyOfName, type ObjectName, objectKey, splitKey } from './object-store.ts'
export type { Synced } from './sync-gate.ts'
