import { createHash } from 'node:crypto'
import { badParameterFault, EksFault } from '@evenkeel/contract/eks'
import type { EksCall } from '../http/index.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly nextToken?: string
}

/** As EKS says for ListClusters. */
const DEFAULT_PAGE_SIZE = 100

interface PagedInput {
  readonly maxResults?: number | undefined
  readonly nextToken?: string | undefined
}

export interface PageOrder<T> {
  /** Unique; compared as text. */
  readonly keyOf: (item: T) => string
  /** Ascending when not given. */
  readonly descending?: boolean
}

/**
 * The page of `items` that the call asks for, in the order of their keys: a page begins behind the last key of the one
 * before, whatever came or went in between. A token holds for the same operation with the same parameters by the same
 * account; throws EksFault for any other.
 */
export function pageOf<T>(call: EksCall<PagedInput>, items: readonly T[], order: PageOrder<T>): Page<T> {
  const { maxResults = DEFAULT_PAGE_SIZE, nextToken } = call.input
  const { keyOf, descending = false } = order
  const binding = bindingOf(call)
  const after = nextToken === undefined ? undefined : readToken(call, nextToken, binding)
  const isBehind = (key: string, other: string): boolean => (descending ? key < other : key > other)
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || isBehind(key, after))
    .sort((one, other) => (one.key === other.key ? 0 : isBehind(one.key, other.key) ? 1 : -1))
  const page = rest.slice(0, maxResults)
  const last = page.at(-1)
  const shown = page.map(({ item }) => item)
  if (last === undefined || rest.length <= maxResults) return { items: shown }
  return { items: shown, nextToken: Buffer.from(JSON.stringify([binding, last.key])).toString('base64url') }
}

function readToken(call: EksCall<PagedInput>, token: string, binding: string): string {
  const parsed = parseJson(Buffer.from(token, 'base64url').toString('utf8'))
  if (Array.isArray(parsed) && parsed.length === 2 && parsed[0] === binding && typeof parsed[1] === 'string') {
    return parsed[1]
  }
  throw new EksFault(
    badParameterFault(call.operation),
    'nextToken is not one that this call was answered with: leave it out to begin anew, or repeat the other parameters.',
  )
}

function bindingOf({ operation, caller, input }: EksCall<PagedInput>): string {
  const { maxResults: _size, nextToken: _token, ...filter } = input
  const bound = JSON.stringify([operation, caller.accountId, Object.entries(filter).sort()])
  return createHash('sha256').update(bound).digest('base64url').slice(0, 16)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Any text may be given as a token.
    return undefined
  }
}
