import type { Plan } from '@evenkeel/kernel'

export interface ServiceCertificateSnapshot {
  /** False where the service is reached on loopback alone, by plain http. */
  readonly isWanted: boolean
  readonly hasAuthority: boolean
  /** Absent until the first one is on record. */
  readonly certificate: { readonly due: boolean; readonly nextExpiry: string } | undefined
  /** Whether the files say what the records say. */
  readonly filesWritten: boolean
}

export interface ServiceCertificateStep {
  readonly kind: 'RecordServiceAuthority' | 'RecordServiceCertificate' | 'WriteServiceFiles'
}

/** Somebody may have removed a file; and a renewal has months. */
const LOOK_AGAIN_MS = 15_000

/** One step a turn: each is made of what the one before it has put on record. */
export function planServiceCertificate(snapshot: ServiceCertificateSnapshot): Plan<ServiceCertificateStep> {
  const { isWanted, hasAuthority, certificate, filesWritten } = snapshot
  const step = (kind: ServiceCertificateStep['kind']): Plan<ServiceCertificateStep> => ({
    steps: [{ kind }],
    notes: [],
  })
  if (!isWanted) {
    return { steps: [], notes: [] }
  }
  if (!hasAuthority) {
    return step('RecordServiceAuthority')
  }
  if (certificate === undefined || certificate.due) {
    return step('RecordServiceCertificate')
  }
  if (!filesWritten) {
    return step('WriteServiceFiles')
  }
  return { steps: [], notes: [], wakeAfterMs: LOOK_AGAIN_MS }
}
