import Type from 'typebox'
import { Condition } from './condition.ts'

/** One EKS update of a cluster or of a node group: what was asked for. `metadata.name` is the EKS update id (a UUID). */
export const UpdateSpec = Type.Object({
  /** EKS name of the cluster. Immutable, selectable. */
  clusterName: Type.String({ minLength: 1, maxLength: 100 }),
  /** EKS name of the node group, where it is one of those: the object's owner is then the NodeGroup. */
  nodegroupName: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
  /** `UpdateType` of EKS, such as `DeletionProtectionUpdate`. */
  type: Type.String({ maxLength: 64 }),
  params: Type.Array(Type.Object({ type: Type.String({ maxLength: 64 }), value: Type.String({ maxLength: 16384 }) }), {
    maxItems: 64,
  }),
  clientRequestToken: Type.Optional(Type.String({ maxLength: 256 })),
  requestDigest: Type.Optional(Type.String({ maxLength: 128 })),
  creator: Type.Optional(Type.String({ maxLength: 2048 })),
})
export type UpdateSpec = Type.Static<typeof UpdateSpec>

export const UpdateStatus = Type.Object({
  phase: Type.Optional(
    Type.Union((['InProgress', 'Failed', 'Cancelled', 'Successful'] as const).map((phase) => Type.Literal(phase))),
  ),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        errorCode: Type.String({ maxLength: 64 }),
        errorMessage: Type.String({ maxLength: 4096 }),
        resourceIds: Type.Array(Type.String({ maxLength: 256 })),
      }),
    ),
  ),
  conditions: Type.Optional(Type.Array(Condition, { maxItems: 32 })),
})
export type UpdateStatus = Omit<Type.Static<typeof UpdateStatus>, 'phase'> & {
  phase?: 'InProgress' | 'Failed' | 'Cancelled' | 'Successful'
}
