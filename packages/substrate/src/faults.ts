/**
 * What a substrate may answer instead of doing. `NoSpace`: the floor of free space would be crossed, or the disk is
 * full. `NoCapacity`: no address, port or machine left. `Conflict`: something else holds the name or the lock.
 * `NotReady`: not yet, ask again. `NotFound`: what the call needs (a program, a volume) is not there.
 * `Lost`: attested to be gone for good (volumes only).
 */
export type FaultCode = 'NoSpace' | 'NoCapacity' | 'Conflict' | 'NotReady' | 'NotFound' | 'Lost'

/** The one error type that ports throw on purpose. The message names the object, the cause and the next step. */
export class SubstrateFault extends Error {
  readonly code: FaultCode
  constructor(code: FaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SubstrateFault'
    this.code = code
  }
}

export function isFault(error: unknown, code?: FaultCode): error is SubstrateFault {
  return error instanceof SubstrateFault && (code === undefined || error.code === code)
}
