import { clusterArn, clusterNameOf, EksFault, type OperationName } from '@evenkeel/contract/eks'
import { accountNamespace, GROUP, objectName } from '@evenkeel/contract/kinds'
import { type Clock, isUnavailable, type KubeClient, type Logger, subjectAccessReview } from '@evenkeel/kernel'
import type { Caller, EksCall } from '../http/index.ts'
import type { AccessMemory } from './access-memory.ts'
import { type AccessNeed, accessNeeds } from './operation-access.ts'

export interface AccessChecksOptions {
  readonly client: KubeClient
  readonly memory: AccessMemory
  readonly clock: Clock
  readonly log: Logger
  readonly region: string
  /** Asked ahead for every new caller, so that they are known when the home is not there to be asked. */
  readonly reads: readonly OperationName[]
}

/** For how long an answer of the home counts without being asked again. */
const FRESH_MS = 5000
const TIMEOUT_MS = 2000
/** A home that did not answer is left alone for so long where an older answer is known: reads do not wait for it. */
const RESPITE_MS = 5000

/**
 * Whether callers may do what they ask, by the home's own authorizers (SubjectAccessReview). While the home cannot
 * answer, what it answered last still counts: nobody can change rights in a home that is not there.
 */
export class AccessChecks {
  readonly #options: AccessChecksOptions
  readonly #asking = new Map<string, Promise<boolean>>()
  readonly #knownCallers = new Set<string>()
  #respiteUntilMs = 0

  constructor(options: AccessChecksOptions) {
    this.#options = options
  }

  /** Throws EksFault: AccessDeniedException, or ServiceUnavailableException where nobody can tell. */
  async require(call: EksCall): Promise<void> {
    const { operation, input, caller } = call
    for (const need of accessNeeds(operation, input)) {
      if (!(await this.#isAllowed(caller, need))) {
        const resource = clusterArn(
          { region: this.#options.region, accountId: caller.accountId },
          clusterNameOf(input) ?? '*',
        )
        throw new EksFault(
          'AccessDeniedException',
          `User: ${caller.arn} is not authorized to perform: eks:${operation} on resource: ${resource}. ` +
            `It needs the right to ${need.verb} ${need.resource} in namespace ${accountNamespace(caller.accountId)} of the home.`,
        )
      }
    }
    this.#askAhead(caller)
  }

  async #isAllowed(caller: Caller, need: AccessNeed): Promise<boolean> {
    // Most who may see one cluster may see all: one answer then serves every cluster.
    if (await this.#answerTo(caller, { ...need, clusterName: undefined })) return true
    return need.clusterName !== undefined && (await this.#answerTo(caller, need))
  }

  async #answerTo(caller: Caller, need: AccessNeed): Promise<boolean> {
    const { memory, clock } = this.#options
    const key = JSON.stringify([
      caller.accountId,
      caller.arn,
      [...caller.groups],
      need.verb,
      need.resource,
      need.clusterName,
    ])
    const known = memory.get(key)
    const now = clock.now()
    if (known !== undefined && (now - known.askedAtMs < FRESH_MS || now < this.#respiteUntilMs)) return known.isAllowed
    let asking = this.#asking.get(key)
    if (asking === undefined) {
      asking = this.#ask(caller, need, key).finally(() => this.#asking.delete(key))
      this.#asking.set(key, asking)
    }
    try {
      return await asking
    } catch (error) {
      if (!isUnavailable(error)) throw error
      this.#respiteUntilMs = clock.now() + RESPITE_MS
      if (known !== undefined) return known.isAllowed
      throw new EksFault(
        'ServiceUnavailableException',
        `The home API server cannot be asked whether ${caller.arn} may do this, and was not asked before: ` +
          `${error instanceof Error ? error.message : String(error)}. Try again later.`,
        { cause: error },
      )
    }
  }

  async #ask(caller: Caller, need: AccessNeed, key: string): Promise<boolean> {
    const { client, memory, clock } = this.#options
    const askedAtMs = clock.now()
    const { allowed } = await subjectAccessReview(
      client,
      {
        user: caller.arn,
        // What impersonation adds by itself.
        groups: [...caller.groups, 'system:authenticated'],
        resourceAttributes: {
          verb: need.verb,
          group: GROUP,
          resource: need.resource,
          namespace: accountNamespace(caller.accountId),
          ...(need.clusterName === undefined ? {} : { name: objectName(need.clusterName) }),
        },
      },
      { timeoutMs: TIMEOUT_MS },
    )
    memory.set(key, { isAllowed: allowed, askedAtMs })
    return allowed
  }

  #askAhead(caller: Caller): void {
    if (this.#knownCallers.has(caller.arn)) return
    this.#knownCallers.add(caller.arn)
    const needs = this.#options.reads.flatMap((operation) => accessNeeds(operation, {}))
    Promise.all(needs.map((need) => this.#answerTo(caller, need))).catch((err: unknown) => {
      this.#knownCallers.delete(caller.arn)
      this.#options.log.debug({ err, caller: caller.arn }, 'the rights of a caller could not be asked ahead')
    })
  }
}
