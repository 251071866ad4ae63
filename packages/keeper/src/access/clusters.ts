import { type Clock, GONE, type Plan, type Reconciler } from '@evenkeel/kernel'
import type { ClusterId, ClusterRecords } from '@evenkeel/substrate'
import { admissionFacts } from '../control-plane/index.ts'
import { INTENT_RECORD, parseIntent } from '../intent/index.ts'
import { clusterDocument, clusterFile } from './documents.ts'
import { type AuthenticatorFolder, applyFolderStep, type FolderStep } from './folder.ts'

export interface ClusterAccessPorts {
  readonly records: ClusterRecords
  readonly folder: AuthenticatorFolder
  readonly clock: Clock
  readonly region: string
  /** The authenticators have learned of the cluster, or forgotten it. */
  changed(id: ClusterId): void
}

export interface ClusterAccessSnapshot {
  readonly id: ClusterId
  /** Absent: the authenticators are not to know the cluster. */
  readonly desiredDocument: string | undefined
  readonly observedDocument: string | undefined
}

/** A new day wants a new key of the probe; there are 30 days to notice. */
const LOOK_AGAIN_MS = 30 * 60_000

/** Admits clusters to the authenticators. Key: the cluster's id. */
export function clusterAccessReconciler(
  ports: ClusterAccessPorts,
): Reconciler<ClusterId, ClusterAccessSnapshot, FolderStep> {
  return {
    name: 'access.cluster',
    async observe(id) {
      const [records, observedDocument] = await Promise.all([
        ports.records.readAll(id),
        ports.folder.read(clusterFile(id)),
      ])
      const desiredDocument = desired(id, records, ports)
      return desiredDocument === undefined && observedDocument === undefined && !records.has(INTENT_RECORD)
        ? GONE
        : { id, desiredDocument, observedDocument }
    },
    plan: planClusterAccess,
    conditions: () => [],
    async apply(step) {
      await applyFolderStep(step, ports.folder)
      ports.changed(step.file.replace(/^clusters\//, '').replace(/\.json$/, ''))
      return { ok: true }
    },
  }
}

function desired(id: ClusterId, records: ReadonlyMap<string, string>, ports: ClusterAccessPorts): string | undefined {
  const record = records.get(INTENT_RECORD)
  const intent = record === undefined ? undefined : parseIntent(id, record)
  if (intent?.kind !== 'hosted' || intent.deleting) {
    return undefined
  }
  const facts = admissionFacts(id, records)
  const nowMs = ports.clock.now()
  return facts === undefined ? undefined : clusterDocument({ id, intent, facts, region: ports.region, nowMs })
}

export function planClusterAccess(snapshot: ClusterAccessSnapshot): Plan<FolderStep> {
  const { id, desiredDocument, observedDocument } = snapshot
  const file = clusterFile(id)
  const plan = { notes: [], wakeAfterMs: LOOK_AGAIN_MS }
  if (desiredDocument === observedDocument) {
    return { ...plan, steps: [] }
  }
  return desiredDocument === undefined
    ? { ...plan, steps: [{ kind: 'RemoveFile', file }] }
    : { ...plan, steps: [{ kind: 'WriteFile', file, content: desiredDocument }] }
}
