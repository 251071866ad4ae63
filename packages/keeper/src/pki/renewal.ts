export interface Validity {
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly nowMs: number
}

/** Whether a third of its life or less is left: time enough to repair whatever keeps a renewal from succeeding. */
export function isDueForRenewal({ notBeforeMs, notAfterMs, nowMs }: Validity): boolean {
  return notAfterMs - nowMs <= (notAfterMs - notBeforeMs) / 3
}
