import { createHash } from 'node:crypto'
import type { InstanceSpec } from './instance-host.ts'

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

/** Changes exactly when the program has to be started anew. */
export function instanceDigest(spec: InstanceSpec): string {
  const files = spec.files.filter((file) => file.onChange === 'restart').map((file) => [file.path, file.content])
  const env = Object.entries(spec.env).sort(([one], [other]) => (one < other ? -1 : 1))
  return digest([spec.program.name, spec.program.version, spec.args, env, files.sort(), spec.place, spec.volumes])
}

/** Changes when any file changes, those that the program reloads by itself included. */
export function filesDigest(spec: InstanceSpec): string {
  return digest(spec.files.map((file) => [file.path, file.content]).sort())
}
