/** How long a site may take. */
export interface SiteTimeouts {
  /** Until a connection stands, TLS included. */
  readonly connectMs: number
  /** Without a single byte. */
  readonly idleMs: number
}

export const SITE_TIMEOUTS: SiteTimeouts = { connectMs: 5_000, idleMs: 30_000 }

/** One file to be brought from a site. */
export interface SiteFile {
  /** Its address without the scheme, as all mirrors have it too: `dl.k8s.io/v1.37.2/bin/linux/amd64/kubectl`. */
  readonly path: string
  /** Partial file to be continued where it exists, and where all of it is in the end. */
  readonly partial: string
}

export interface Transfer {
  readonly signal: AbortSignal
  /** Bytes that are there by now, and how many there will be where the site says so. Called for every piece. */
  readonly onBytes: (doneBytes: number, totalBytes: number | undefined) => void
}

/**
 * The official sites, or something in their layout. Every method throws `SourceSkip` where the file does not exist or no
 * answer comes.
 */
export interface Site {
  /** For people, without credentials. */
  describe(path: string): string
  /** A small text, such as a digest; undefined where it does not exist. */
  readText(path: string, signal: AbortSignal): Promise<string | undefined>
  /** Whether a file exists, without bringing it. */
  has(path: string, signal: AbortSignal): Promise<boolean>
  /**
   * Brings a file, continuing a partial one. Resolves with whether any of it is from an earlier try. Throws a
   * `DistributionError` where it ends before its announced length.
   */
  download(file: SiteFile, transfer: Transfer): Promise<{ readonly resumed: boolean }>
  close(): Promise<void>
}
