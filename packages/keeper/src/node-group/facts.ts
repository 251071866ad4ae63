import Type from 'typebox'

/** What of a node group is on record beside its intent, by the middle of the record's name (`nodeGroupRecord`). */
export const RECORD = { roster: 'roster', leaves: 'leaves', progress: 'progress', outcome: 'outcome' } as const

/** Why a machine leaves its group. */
export const RetirementReason = Type.Union(
  (['surplus', 'update', 'lost', 'neverJoined', 'deleted'] as const).map((reason) => Type.Literal(reason)),
)
export type RetirementReason = 'surplus' | 'update' | 'lost' | 'neverJoined' | 'deleted'

/** One machine of a group: on record before it is made, until nothing is left of it. */
export const RosterMachine = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9-]{1,63}$' }),
  zone: Type.String({ minLength: 1 }),
  instanceType: Type.String({ minLength: 1 }),
  releaseVersion: Type.String({ minLength: 1 }),
  /** Absent until it is claimed; for ever where addresses are not used. */
  address: Type.Optional(Type.Object({ host: Type.String(), podCidr: Type.String() })),
  /** Its Node has been Ready once. */
  joined: Type.Boolean(),
  /** Once it is to leave it leaves, unless the update that it leaves for has failed. `at`: RFC 3339. */
  retiring: Type.Optional(Type.Object({ reason: RetirementReason, at: Type.String() })),
})
export type RosterMachine = Omit<Type.Static<typeof RosterMachine>, 'retiring'> & {
  retiring?: { reason: RetirementReason; at: string }
}

/** The machines of a group, in the order in which they came. */
export const Roster = Type.Object({
  /** Of the last machine that was ever in it: names are never used again. */
  lastNumber: Type.Integer({ minimum: 0 }),
  machines: Type.Array(RosterMachine),
})
export interface Roster {
  readonly lastNumber: number
  readonly machines: readonly RosterMachine[]
}

/** How far a group is with what is asked of it. */
export const Progress = Type.Object({
  /** Node bundle that new machines get, and older ones are replaced for. */
  releaseVersion: Type.String({ minLength: 1 }),
  /** `askedKey` of the intent that chose it. */
  asked: Type.String(),
  /** What it was before, while an update goes on: what it goes back to where it fails. */
  previous: Type.Optional(Type.String()),
  /** The last update, where it has failed; `updateId` where it is one of EKS's. */
  failed: Type.Optional(
    Type.Object({
      at: Type.String(),
      /** `ErrorCode` of EKS. */
      code: Type.String(),
      message: Type.String(),
      resourceIds: Type.Array(Type.String()),
      updateId: Type.Optional(Type.String()),
    }),
  ),
  /** Generation of the intent that the nodes were last seen to be; absent before the first. */
  settledGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
})
export type Progress = Type.Static<typeof Progress>

/** How the create ended. Written once. */
export const GroupOutcome = Type.Union([
  Type.Object({ result: Type.Literal('active'), at: Type.String() }),
  Type.Object({
    result: Type.Literal('failed'),
    at: Type.String(),
    /** `NodegroupIssueCode` of EKS. */
    code: Type.String(),
    message: Type.String(),
    resourceIds: Type.Array(Type.String()),
  }),
])
export type GroupOutcome = Type.Static<typeof GroupOutcome>
