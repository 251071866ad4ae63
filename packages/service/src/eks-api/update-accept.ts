import type * as Eks from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import type { Update, UpdateSpec } from '@evenkeel/contract/kinds'
import { isConflict } from '@evenkeel/kernel'
import type { EksCall } from '../http/index.ts'
import { ACCEPTED_UPDATE_ANNOTATION, type AcceptedUpdate, updateId, updateObject } from './accepted-update.ts'
import { type EksContext, impersonation } from './context.ts'
import type { FreshView } from './fresh-view.ts'
import { atHome } from './home-fault.ts'
import { requestDigest } from './request-digest.ts'
import { eksNamesOf, resourceOf, subjectOf, type Updatable } from './updatable.ts'
import { makeUpdate } from './update-upkeep.ts'
import { isInProgress, updatesOf, updateView } from './update-view.ts'

/** What one update changes, as EKS names it and as it is written. */
export interface Change {
  readonly type: Eks.UpdateType
  readonly params: readonly { readonly type: Eks.UpdateParamType; readonly value: string }[]
  /** A merge patch of the owner's spec; `updateId` is that of the update. */
  readonly specPatch: (updateId: string) => Readonly<Record<string, unknown>>
}

/** The cluster or node group that an update is asked of. */
export interface UpdateOwner<T extends Updatable> {
  readonly view: FreshView<T>
  /** As the home has it now. Throws EksFault where there is none. */
  readonly read: () => Promise<T>
  /** Throws EksFault where its phase does not allow an update. */
  readonly requireAllowed: (owner: T) => void
  /** Whether it takes another update while one is in progress. */
  readonly takesAnother: (owner: T) => boolean
  /** What the call changes of it. Throws EksFault where that cannot be, or is nothing. */
  readonly changeOf: (owner: T) => Change | Promise<Change>
}

/** What others keep changing (its status) is looked at anew so often. */
const MOST_ATTEMPTS = 10

/** Accepts one change, and answers the update that follows it; the same call again is answered with the same update. */
export async function acceptUpdate<T extends Updatable>(
  context: EksContext,
  call: EksCall<{ readonly clientRequestToken?: string | undefined }>,
  { view, read, requireAllowed, takesAnother, changeOf }: UpdateOwner<T>,
): Promise<Eks.Update> {
  for (let attempt = 1; ; attempt += 1) {
    const owner = await read()
    const earlier = findEarlier(context, call, owner)
    if (earlier !== undefined) return updateView(earlier)
    requireAllowed(owner)
    if (!takesAnother(owner)) refuseSecond(context, owner)
    const change = await changeOf(owner)
    const accepted = acceptanceOf(context, call, { owner, change })
    const isLast = attempt === MOST_ATTEMPTS
    const changed = await acceptOnce(context, call, { view, owner, change, accepted, isLast })
    if (changed === undefined) continue
    call.log.info({ update: accepted.id, type: change.type }, 'update accepted')
    return updateView(await showUpdate(context, call, { owner: changed, accepted }))
  }
}

/** The update that the same call has made before. Throws EksFault where its token was used for another one. */
function findEarlier(
  context: EksContext,
  { input }: EksCall<{ readonly clientRequestToken?: string | undefined }>,
  owner: Updatable,
): Update | undefined {
  const { clientRequestToken } = input
  if (clientRequestToken === undefined) return undefined
  const id = updateId(owner, clientRequestToken)
  const earlier = updatesOf(context, owner).find(({ metadata }) => metadata.name === id)
  if (earlier !== undefined && earlier.spec.requestDigest !== requestDigest(input)) {
    throw new EksFault(
      'InvalidParameterException',
      `clientRequestToken ${JSON.stringify(clientRequestToken)} was used before with other parameters: use a new one for a new request.`,
      { context: eksNamesOf(owner) },
    )
  }
  return earlier
}

function refuseSecond(context: EksContext, owner: Updatable): void {
  const running = updatesOf(context, owner).find(isInProgress)
  if (running === undefined) return
  throw new EksFault(
    'ResourceInUseException',
    `${subjectOf(owner)} has an update in progress, ${running.metadata.name}: wait until it is done.`,
    { context: eksNamesOf(owner) },
  )
}

function acceptanceOf(
  { clock }: EksContext,
  { input }: EksCall<{ readonly clientRequestToken?: string | undefined }>,
  { owner, change }: { readonly owner: Updatable; readonly change: Change },
): AcceptedUpdate {
  const { clientRequestToken } = input
  const spec: UpdateSpec = {
    ...eksNamesOf(owner),
    type: change.type,
    params: change.params.map(({ type, value }) => ({ type, value })),
    ...(clientRequestToken === undefined ? {} : { clientRequestToken }),
    requestDigest: requestDigest(input),
  }
  return { id: updateId(owner, clientRequestToken), acceptedAt: new Date(clock.now()).toISOString(), spec }
}

/** The change and the update's acceptance in one write; undefined when the owner has changed since it was looked at. */
async function acceptOnce<T extends Updatable>(
  { client }: EksContext,
  { operation, caller }: EksCall<unknown>,
  write: {
    readonly view: FreshView<T>
    readonly owner: T
    readonly change: Change
    readonly accepted: AcceptedUpdate
    readonly isLast: boolean
  },
): Promise<T | undefined> {
  const { view, owner, change, accepted, isLast } = write
  const { name, namespace = '', resourceVersion } = owner.metadata
  const deed = `update ${subjectOf(owner).replace(/^The/, 'the')}`
  return await atHome({ operation, ...eksNamesOf(owner), deed }, async () => {
    try {
      const changed = await client.mergePatch<T>(resourceOf(owner), {
        namespace,
        name,
        patch: {
          metadata: { resourceVersion, annotations: { [ACCEPTED_UPDATE_ANNOTATION]: JSON.stringify(accepted) } },
          spec: change.specPatch(accepted.id),
        },
        impersonate: impersonation(caller),
      })
      view.remember(changed)
      return changed
    } catch (error) {
      if (isConflict(error) && !isLast) return undefined
      throw error
    }
  })
}

/** The update is accepted already: where its object cannot be made now, upkeep makes it later. */
async function showUpdate(
  context: EksContext,
  { caller, log }: EksCall<unknown>,
  { owner, accepted }: { readonly owner: Updatable; readonly accepted: AcceptedUpdate },
): Promise<Update> {
  const update = updateObject(owner, accepted)
  try {
    return await makeUpdate(context, update, impersonation(caller))
  } catch (err) {
    log.warn({ err, update: accepted.id }, 'the object of an accepted update could not be made: it is made later')
    return { ...update, metadata: { ...update.metadata, creationTimestamp: accepted.acceptedAt } }
  }
}
