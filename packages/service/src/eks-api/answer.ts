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
    try {
      const { clusters, nodeGroups, updates } = context
      if (!clusters.isKnown() || !nodeGroups.isKnown() || !updates.isKnown()) {
        throw new EksFault(
          'ServiceUnavailableException',
          'Evenkeel is starting and has not heard from its home API server yet: /readyz says what it waits for. Try again.',
        )
      }
      await access.require(call)
      return await handlerOf(operation)(context, call)
    } catch (error) {
      throw await withReason(context, error)
    }
  }
}

/** A caller who is told that the home cannot do it is also told why, where that is known. */
async function withReason(context: EksContext, error: unknown): Promise<unknown> {
  if (!(error instanceof EksFault) || error.code !== 'ServiceUnavailableException') return error
  const reason = await context.whyHomeFails()
  if (reason === undefined) return error
  return new EksFault(error.code, `${error.message} ${reason}`, { context: error.context, cause: error })
}
