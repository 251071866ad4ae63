import { createSecureContext } from 'node:tls'
import { type Clock, type Logger, readFileIfThere } from '@evenkeel/kernel'

/** How often the file is looked at: a certificate is renewed months before its end. */
const LOOK_MS = 5000
/** While it has still to be made. */
const FIRST_LOOK_MS = 200

export interface TlsFileOptions {
  /** PEM: a certificate and its key. Whoever renews it replaces the file as a whole. */
  readonly file: string
  readonly clock: Clock
  readonly log: Logger
}

/** Waits until a certificate is there and can be used. Undefined when `signal` is aborted before. */
export async function waitForTls(
  { file, clock, log }: TlsFileOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  let told = ''
  while (!signal.aborted) {
    const pem = await readFileIfThere(file)
    const problem = pem === undefined ? 'it is not there' : problemOf(pem)
    if (problem === undefined) return pem
    if (problem !== told) log.info({ file, reason: problem }, 'waiting for a keeper to write the certificate')
    told = problem
    // An abort ends the wait and the loop.
    await clock.sleep(FIRST_LOOK_MS, signal).catch(() => {})
  }
  return undefined
}

/** Gives `take` each new certificate until `signal` is aborted; one that cannot be used is said and left alone. */
export async function followTls(
  { file, clock, log }: TlsFileOptions,
  current: string,
  take: (pem: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let known = current
  while (!signal.aborted) {
    const pem = await readFileIfThere(file)
    if (pem !== undefined && pem !== known) {
      known = pem
      const problem = problemOf(pem)
      if (problem === undefined) {
        take(pem)
        log.info({ file }, 'the certificate was renewed')
      } else {
        log.error({ file, reason: problem }, 'the new certificate cannot be used: the one before it stays in force')
      }
    }
    // An abort ends the wait and the loop.
    await clock.sleep(LOOK_MS, signal).catch(() => {})
  }
}

function problemOf(pem: string): string | undefined {
  try {
    createSecureContext({ cert: pem, key: pem })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
