export { Informer, type InformerOptions, type Synced } from './informer.ts'
export { type Change, keyOfName, type ObjectName, objectKey, splitKey } from './object-store.ts'
