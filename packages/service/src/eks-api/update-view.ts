import type * as Eks from '@aws-sdk/client-eks'
import type { Update } from '@evenkeel/contract/kinds'
import { acceptedUpdateOf, isUpdateOf, updateObject } from './accepted-update.ts'
import { timeOf } from './cluster-view.ts'
import type { EksContext } from './context.ts'
import type { Updatable } from './updatable.ts'

/** All updates of a cluster (not those of its node groups) or of a node group, one that is accepted and has no object yet among them. */
export function updatesOf({ updates }: Pick<EksContext, 'updates'>, owner: Updatable): readonly Update[] {
  const known = updates.list(owner.metadata.namespace ?? '').filter((update) => isUpdateOf(update, owner))
  const accepted = acceptedUpdateOf(owner)
  if (accepted === undefined || known.some((update) => update.metadata.name === accepted.id)) return known
  const coming = updateObject(owner, accepted)
  return [...known, { ...coming, metadata: { ...coming.metadata, creationTimestamp: accepted.acceptedAt } }]
}

/** An update as EKS shows it. */
export function updateView({ metadata, spec, status }: Update): Eks.Update {
  return {
    id: metadata.name,
    status: status?.phase ?? 'InProgress',
    type: spec.type as Eks.UpdateType,
    params: spec.params.map(({ type, value }) => ({ type: type as Eks.UpdateParamType, value })),
    createdAt: timeOf(metadata.creationTimestamp),
    errors: (status?.errors ?? []).map((error) => ({ ...error, errorCode: error.errorCode as Eks.ErrorCode })),
  }
}

export function isInProgress({ status }: Update): boolean {
  return (status?.phase ?? 'InProgress') === 'InProgress'
}
