import { digest, oncePerSpec, sortedVariables } from './digest.ts'
import type { InstanceSpec } from './instance-host.ts'

/** Changes exactly when the program has to be started anew. */
export const instanceDigest = oncePerSpec<InstanceSpec>((spec) => {
  const files = spec.files.filter((file) => file.onChange === 'restart').map((file) => [file.path, file.content])
  const { program, args, env, place, volumes } = spec
  return digest([program.name, program.version, args, sortedVariables(env), files.sort(), place, volumes])
})

/** Changes when any file changes, those that the program reloads by itself included. */
export const filesDigest = oncePerSpec<InstanceSpec>((spec) =>
  digest(spec.files.map((file) => [file.path, file.content]).sort()),
)
