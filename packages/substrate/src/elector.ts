/** Held by at most one process at a time; the substrate itself ends it when that process dies. */
export interface Leadership {
  readonly key: string
  /** Aborted the moment that leadership is lost or given up: whoever acts under it stops. */
  readonly signal: AbortSignal
  resign(): Promise<void>
}

/** Who acts. Never the home's business: it works with home and service dead. */
export interface Elector {
  /** Resolves when this process holds `key`; stands by until then. Rejects when `signal` is aborted. */
  campaign(key: string, signal: AbortSignal): Promise<Leadership>
}
