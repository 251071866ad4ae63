import { type EKSClient, ListClustersCommand } from '@aws-sdk/client-eks'
import { systemClock } from '@evenkeel/kernel'
import { connectEks, explainEksError, isEksError } from '../cluster/index.ts'
import { eksAccess, type OpenedInstallation } from '../installation/index.ts'

const DEADLINE_MS = 30_000
const INTERVAL_MS = 200
/** What the service says of a key that it has not heard of yet, and of one whose rights it has not. */
const NOT_YET = ['UnrecognizedClientException', 'InvalidClientTokenId', 'AccessDeniedException']

/** The service hears of a new key from the home, a moment after we wrote it: waits until it takes ours. */
export async function untilKeyIsKnown(opened: OpenedInstallation, signal: AbortSignal): Promise<void> {
  const access = await eksAccess(opened)
  const eks = connectEks(access)
  try {
    await untilAnswered(eks, signal)
  } catch (error) {
    throw explainEksError('list clusters', access.serviceUrl, error)
  } finally {
    eks.destroy()
  }
}

async function untilAnswered(eks: EKSClient, signal: AbortSignal): Promise<void> {
  const deadline = systemClock.now() + DEADLINE_MS
  for (;;) {
    try {
      await eks.send(new ListClustersCommand({ maxResults: 1 }), { abortSignal: signal })
      return
    } catch (error) {
      const isTooEarly = NOT_YET.some((name) => isEksError(error, name))
      if (!isTooEarly || systemClock.now() > deadline) throw error
    }
    await systemClock.sleep(INTERVAL_MS, signal)
  }
}
