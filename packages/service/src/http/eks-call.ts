import type { OperationName } from '@evenkeel/contract/eks'
import type { Logger } from '@evenkeel/kernel'
import type { Caller } from './authenticator.ts'

/** One call of an operation, its parameters read and within the bounds of EKS's model. */
export interface EksCall<Input = Readonly<Record<string, unknown>>> {
  readonly operation: OperationName
  readonly input: Input
  readonly caller: Caller
  readonly requestId: string
  /** Carries the request's id, the operation and the cluster. */
  readonly log: Logger
}

/** Answers calls with what the operation's output holds. Throws EksFault for what is refused. */
export type AnswerCall = (call: EksCall) => Promise<object>
