import type { ProgramName, ProgramSet } from './programs.ts'

/** Where programs come from, in the order in which sources are asked; `mirror` stands in for `official`. */
export type SourceName = 'store' | 'official' | 'mirror' | 'build'

/**
 * - `waiting`: another process installs into this store.
 * - `looking`: a source is being asked.
 * - `skipped-source`: it has not what is wanted, or gives no answer; `message` says why. The next one is asked.
 * - `downloading`, `building`, `verifying`: under way.
 * - `installed`: all programs are in the store: the last event of a set.
 */
export type ProgressPhase =
  | 'waiting'
  | 'looking'
  | 'skipped-source'
  | 'downloading'
  | 'building'
  | 'verifying'
  | 'installed'

/** How far one set of programs at one version is: enough to draw one line of it. */
export interface ProgressEvent {
  readonly set: ProgramSet
  readonly version: string
  readonly programs: readonly ProgramName[]
  readonly phase: ProgressPhase
  /** Absent while waiting. */
  readonly source?: SourceName
  /** Of all files of the set, while downloading; what was there from an earlier try counts. */
  readonly doneBytes?: number
  /** Absent while not all files have announced their length. */
  readonly totalBytes?: number
  /** Go packages, while building; those in Go's cache do not count. */
  readonly donePackages?: number
  readonly totalPackages?: number
  /** Since this set was asked for. */
  readonly elapsedMs: number
  /** A phrase for people, without the set and its version. */
  readonly message: string
}

/** What a source says about the set it works on; the rest of the event is added for it. */
export type ProgressUpdate = Pick<
  ProgressEvent,
  'phase' | 'message' | 'doneBytes' | 'totalBytes' | 'donePackages' | 'totalPackages'
>
export type Report = (update: ProgressUpdate) => void
