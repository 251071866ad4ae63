import type { ClusterId, Place, ProgramRef } from '@evenkeel/substrate'

/**
 * What is kept of a spec: beside its service folder for what runs next, and in the environment of the process for what
 * runs now, where it outlives the folder.
 */
export interface WrittenInstance {
  readonly cluster: ClusterId
  readonly name: string
  readonly component: string
  readonly place: Place
  readonly program: ProgramRef
  /** `instanceDigest`. */
  readonly digest: string
  readonly stopGraceSeconds: number
}

/** Environment variable of a program that holds its WrittenInstance as JSON. */
export const INSTANCE_VARIABLE = 'EVENKEEL_INSTANCE'

/** Undefined for what is missing or not of this form. */
export function parseWrittenInstance(text: string | undefined): WrittenInstance | undefined {
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text) as Partial<WrittenInstance> | null
    const isWhole =
      typeof value?.cluster === 'string' &&
      typeof value.name === 'string' &&
      typeof value.component === 'string' &&
      typeof value.place === 'string' &&
      typeof value.program?.name === 'string' &&
      typeof value.digest === 'string' &&
      typeof value.stopGraceSeconds === 'number'
    return isWhole ? (value as WrittenInstance) : undefined
  } catch {
    // Cut short by a power cut: as good as not written, and written again.
    return undefined
  }
}
