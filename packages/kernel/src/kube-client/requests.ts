import type { KubeObject } from '@evenkeel/contract/kinds'

/** Act as somebody else: the server checks that we may, and then that they may. */
export interface Impersonation {
  readonly user: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  /** For the whole answer; 10 s when not given. */
  readonly timeoutMs?: number | undefined
  readonly impersonate?: Impersonation | undefined
}

export interface ObjectOptions extends RequestOptions {
  readonly name: string
  /** Of a namespaced resource. */
  readonly namespace?: string | undefined
  /** Such as `status`. */
  readonly subresource?: string | undefined
}

export interface SelectOptions extends RequestOptions {
  /** All namespaces when not given. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}

export interface ListOptions extends SelectOptions {
  /** Objects a page; 500 when not given. */
  readonly pageSize?: number | undefined
}

export interface ListPageOptions extends SelectOptions {
  readonly limit?: number | undefined
  /** Token of the page before. */
  readonly continue?: string | undefined
  readonly resourceVersion?: string | undefined
}

export interface WatchOptions extends SelectOptions {
  readonly resourceVersion: string
  /** When the server ends the watch by itself; 300 when not given. */
  readonly timeoutSeconds?: number | undefined
  /** A watch that says nothing for so long counts as broken; 90 s when not given (bookmarks come every minute). */
  readonly idleTimeoutMs?: number | undefined
  /** Told when the server has accepted the watch. */
  readonly onOpen?: (() => void) | undefined
}

export interface ObjectList<T> {
  readonly items: readonly T[]
  readonly resourceVersion: string
}

export interface ObjectPage<T> extends ObjectList<T> {
  /** Token of the next page; absent on the last one. */
  readonly continue?: string
}

export interface WriteOptions extends RequestOptions {
  readonly subresource?: string | undefined
  readonly fieldManager?: string | undefined
}

export interface DeleteOptions extends ObjectOptions {
  /** Refused with a conflict unless these still hold. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined
  readonly gracePeriodSeconds?: number | undefined
}

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string }

export interface PatchOptions extends ObjectOptions {
  readonly fieldManager?: string | undefined
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string
  /** Take over fields that others manage. */
  readonly force?: boolean | undefined
}

export interface RawRequestOptions extends RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined
  readonly query?: Query | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  /** `application/json` when not given. */
  readonly contentType?: string | undefined
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** `path` with its query; undefined members are left out. */
export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      search.append(name, String(value))
    }
  }
  return search.size === 0 ? path : `${path}?${search}`
}

/** Headers of Kubernetes' impersonation: one for each group and each value. Never empty, so that none acts as us. */
export function impersonationHeaders(
  impersonate: Impersonation | undefined,
): Record<string, string | readonly string[]> {
  if (impersonate === undefined) {
    return {}
  }
  if (impersonate.user === '') {
    throw new Error('cannot impersonate a user without a name: pass the user that the request is for')
  }
  const headers: Record<string, string | readonly string[]> = { 'impersonate-user': impersonate.user }
  if (impersonate.groups !== undefined && impersonate.groups.length > 0) {
    headers['impersonate-group'] = impersonate.groups
  }
  for (const [name, values] of Object.entries(impersonate.extra ?? {})) {
    headers[`impersonate-extra-${encodeURIComponent(name.toLowerCase())}`] = values
  }
  return headers
}

/** Path parts of a write: those of the object. */
export function targetOf(object: KubeObject, subresource: string | undefined) {
  return { name: object.metadata.name, namespace: object.metadata.namespace, subresource }
}
