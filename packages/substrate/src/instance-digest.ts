import { createHash } from 'node:crypto'
import type { InstanceSpec } from './instance-host.ts'

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

/** A spec never changes, and is asked for its digests at every look at its cluster. */
function oncePerSpec(digestOf: (spec: InstanceSpec) => string): (spec: InstanceSpec) => string {
  const known = new WeakMap<InstanceSpec, string>()
  return (spec) => {
    const digest = known.get(spec) ?? digestOf(spec)
    known.set(spec, digest)
    return digest
  }
}

/** Changes exactly when the program has to be started anew. */
export const instanceDigest = oncePerSpec((spec) => {
  const files = spec.files.filter((file) => file.onChange === 'restart').map((file) => [file.path, file.content])
  const env = Object.entries(spec.env).sort(([one], [other]) => (one < other ? -1 : 1))
  return digest([spec.program.name, spec.program.version, spec.args, env, files.sort(), spec.place, spec.volumes])
})

/** Changes when any file changes, those that the program reloads by itself included. */
export const filesDigest = oncePerSpec((spec) => digest(spec.files.map((file) => [file.path, file.content]).sort()))
