import Type from 'typebox'

/** Somebody who may sign requests. Secret keys are not here: each is a Secret of the namespace `evenkeel-identity`. */
export const UserSpec = Type.Object({
  /** IAM user name: 1 to 64 characters. `metadata.name` is derived from it by `objectName`. Immutable. */
  userName: Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9+=,.@_\\-]+$' }),
  /** Public ids of the user's access keys, such as `AKIA...`; the first is the newest. */
  accessKeyIds: Type.Array(Type.String({ pattern: '^[A-Z0-9]{16,128}$' }), { maxItems: 2 }),
})
export type UserSpec = Type.Static<typeof UserSpec>
