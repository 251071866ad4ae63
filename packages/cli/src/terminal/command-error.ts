import { hasErrorCode } from '@evenkeel/kernel'

/** Exit statuses of the command line, beside 0. */
export const EXIT = {
  /** It was tried and did not work. */
  failed: 1,
  /** It was asked for in a way that makes no sense. */
  usage: 2,
  /** It was looked at and something is wrong: `status` and `doctor`. */
  unwell: 3,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const

/** What ends a command: one line for a person that says what, why and the next step. Never shown with a stack. */
export class CommandError extends Error {
  readonly exitStatus: number

  constructor(message: string, options: { cause?: unknown; exitStatus?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CommandError'
    this.exitStatus = options.exitStatus ?? EXIT.failed
  }
}

/** The one line that is shown for whatever ended a command. */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const line = error.message.trim().split('\n').join(' | ') || error.name
  // Any write may meet a full disk: Node's words for it say where, not what to do.
  return hasErrorCode(error, 'ENOSPC', 'EDQUOT') ? `${line}: free space on that disk, then repeat` : line
}

export function exitStatusOf(error: unknown): number {
  return error instanceof CommandError ? error.exitStatus : EXIT.failed
}

/** The error that the signal was aborted with when it was, else `error`: an interrupted wait fails with odd messages. */
export function causeOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : error
}
