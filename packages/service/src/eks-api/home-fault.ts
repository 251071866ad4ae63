import { badParameterFault, declaredFault, EksFault, type OperationName } from '@evenkeel/contract/eks'
import { isConflict, isForbidden, isInvalid, isNotFound, isUnavailable, KubeError } from '@evenkeel/kernel'

/** What is being done at the home, for the fault that comes of it. */
export interface HomeDeed {
  readonly operation: OperationName
  /** What the home was asked, as the end of "cannot ...", such as `make the cluster "web"`. */
  readonly deed: string
  readonly clusterName?: string | undefined
  readonly nodegroupName?: string | undefined
}

/**
 * The fault that stands for an error of the home API server. The home being away or unable to write is the one thing
 * that a caller may see as a 5xx; everything that it refuses is the request's.
 */
export function homeFault(error: unknown, { operation, deed, clusterName, nodegroupName }: HomeDeed): unknown {
  const context = {
    ...(clusterName === undefined ? {} : { clusterName }),
    ...(nodegroupName === undefined ? {} : { nodegroupName }),
  }
  const options = { context, cause: error }
  if (isUnavailable(error)) {
    return new EksFault(
      'ServiceUnavailableException',
      `Evenkeel cannot ${deed} now, since its home API server cannot do it: ${messageOf(error)}. Try again later.`,
      options,
    )
  }
  if (isForbidden(error)) {
    return new EksFault('AccessDeniedException', `You may not ${deed}: ${messageOf(error)}.`, options)
  }
  if (isInvalid(error) || (error instanceof KubeError && error.status === 400)) {
    return new EksFault(badParameterFault(operation), `Evenkeel cannot ${deed}: ${messageOf(error)}.`, options)
  }
  if (isNotFound(error)) {
    const code = declaredFault(operation, 'ResourceNotFoundException', 'NotFoundException', 'InvalidParameterException')
    return new EksFault(code, `Evenkeel cannot ${deed}: ${messageOf(error)}.`, options)
  }
  if (isConflict(error)) {
    const code = declaredFault(operation, 'ResourceInUseException', 'InvalidRequestException', 'BadRequestException')
    return new EksFault(code, `Evenkeel cannot ${deed}, since somebody else changed it: ${messageOf(error)}.`, options)
  }
  return error
}

/** Does something at the home; what goes wrong there becomes the fault that the caller sees. */
export async function atHome<T>(deed: HomeDeed, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw homeFault(error, deed)
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
