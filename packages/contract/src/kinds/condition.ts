import Type from 'typebox'

/** One observed truth about an object, in the shape that Kubernetes gives conditions (metav1.Condition). */
export const Condition = Type.Object({
  type: Type.String({ minLength: 1, maxLength: 316 }),
  status: Type.Union([Type.Literal('True'), Type.Literal('False'), Type.Literal('Unknown')]),
  /** PascalCase, for programs. */
  reason: Type.String({ minLength: 1, maxLength: 1024 }),
  /** A sentence for people: what is so, and what is being done or must be done about it. */
  message: Type.String({ maxLength: 32768 }),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
  lastTransitionTime: Type.String({ format: 'date-time' }),
})
export type Condition = Type.Static<typeof Condition>
