import { createHash } from 'node:crypto'

/** Sixteen hexadecimal digits that change with the value. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

/** A spec never changes, and is asked for its digests at every look at its cluster. */
export function oncePerSpec<Spec extends object>(digestOf: (spec: Spec) => string): (spec: Spec) => string {
  const known = new WeakMap<Spec, string>()
  return (spec) => {
    const digest = known.get(spec) ?? digestOf(spec)
    known.set(spec, digest)
    return digest
  }
}

/** Variables of an environment in one order, whatever they were given in. */
export function sortedVariables(env: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(env).sort(([one], [other]) => (one < other ? -1 : 1))
}
