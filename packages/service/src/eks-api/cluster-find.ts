import { declaredFault, EksFault } from '@evenkeel/contract/eks'
import { CLUSTERS, type Cluster } from '@evenkeel/contract/kinds'
import { isNotFound } from '@evenkeel/kernel'
import type { EksCall } from '../http/index.ts'
import { clusterPlace, type EksContext, impersonation } from './context.ts'
import { homeFault } from './home-fault.ts'

/**
 * The cluster of this EKS name in the caller's account, from what is known; where it is not known, the home is asked,
 * since "no such cluster" must be true. Throws EksFault: ResourceNotFoundException (NotFoundException for operations
 * on tags), ServiceUnavailableException where it is not known and the home does not answer.
 */
export async function findCluster(context: EksContext, call: EksCall<unknown>, clusterName: string): Promise<Cluster> {
  const { namespace, name } = clusterPlace(call.caller, clusterName)
  return context.clusters.get(namespace, name) ?? (await readCluster(context, call, clusterName))
}

/** The cluster as the home has it now. */
export async function readCluster(context: EksContext, call: EksCall<unknown>, clusterName: string): Promise<Cluster> {
  const { operation, caller } = call
  try {
    const cluster = await context.client.get<Cluster>(CLUSTERS, {
      ...clusterPlace(caller, clusterName),
      impersonate: impersonation(caller),
    })
    context.clusters.remember(cluster)
    return cluster
  } catch (error) {
    if (isNotFound(error)) {
      throw new EksFault(
        declaredFault(operation, 'ResourceNotFoundException', 'NotFoundException', 'ResourceNotFoundException'),
        `No cluster found for name: ${clusterName}.`,
        { context: { clusterName }, cause: error },
      )
    }
    throw homeFault(error, { operation, clusterName, deed: `tell whether there is a cluster "${clusterName}"` })
  }
}
