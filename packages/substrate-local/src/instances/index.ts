export { readFilesDigest, writeIfDifferent, writeInstanceFiles } from './instance-files.ts'
export { createInstanceHost } from './instance-host.ts'
export { MACHINE_PROGRAM_NAMES, requireIdentifier, requirePlace } from './instance-paths.ts'
