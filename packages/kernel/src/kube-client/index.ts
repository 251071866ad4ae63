export * from './access-review.ts'
export { type KubeConnection, loadKubeconfig } from './connection.ts'
export * from './errors.ts'
export * from './kube-client.ts'
export type {
  ApplyOptions,
  DeleteOptions,
  Impersonation,
  JsonPatchOperation,
  ListOptions,
  ListPageOptions,
  ObjectList,
  ObjectOptions,
  ObjectPage,
  PatchOptions,
  Query,
  RawRequestOptions,
  RequestOptions,
  SelectOptions,
  WatchOptions,
  WriteOptions,
} from './requests.ts'
export * from './resources.ts'
export type { WatchEvent } from './watch-stream.ts'
