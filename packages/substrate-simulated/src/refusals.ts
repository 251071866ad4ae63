import { type FaultCode, SubstrateFault } from '@evenkeel/substrate'

/** A call of a port that can be told to refuse. */
export type RefusableCall =
  | 'instances.ensure'
  | 'instances.restart'
  | 'instances.stop'
  | 'instances.remove'
  | 'volumes.ensure'
  | 'volumes.remove'
  | 'network.claim'
  | 'network.release'
  | 'endpoint.ensure'
  | 'records.write'
  | 'machines.ensure'
  | 'machines.reboot'
  | 'machines.remove'

/** Which calls are refused, and with what. */
export class Refusals {
  readonly #faults = new Map<RefusableCall, FaultCode>()

  /** Until `code` is undefined. */
  set(call: RefusableCall, code: FaultCode | undefined): void {
    if (code === undefined) this.#faults.delete(call)
    else this.#faults.set(call, code)
  }

  /** Throws where the call is refused. */
  check(call: RefusableCall): void {
    const code = this.#faults.get(call)
    if (code !== undefined) throw new SubstrateFault(code, `${call} is refused by the simulation: take the fault away`)
  }
}
