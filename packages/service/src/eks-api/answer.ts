import { EksFault, notOfferedFault } from '@evenkeel/contract/eks'
import type { AnswerCall } from '../http/index.ts'
import type { AccessChecks } from './access-checks.ts'
import type { EksContext } from './context.ts'
import { handlerOf, isOffered } from './operations.ts'

/** Answers the calls of all operations: refuses those that are not offered, and callers who may not. */
export function answerCalls(context: EksContext, access: Pick<AccessChecks, 'require'>): AnswerCall {
  return async (call) => {
    const { operation } = call
    if (!isOffered(operation)) {
      throw new EksFault(
        notOfferedFault(operation),
        `${operation} is not offered by Evenkeel yet. The documentation of its EKS API lists what is.`,
      )
    }
    if (!context.clusters.isKnown() || !context.updates.isKnown()) {
      throw new EksFault(
        'ServiceUnavailableException',
        'Evenkeel is starting and has not heard from its home API server yet: /readyz says what it waits for. Try again.',
      )
    }
    await access.require(call)
    return await handlerOf(operation)(context, call)
  }
}
