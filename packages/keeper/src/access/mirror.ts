import type { Note, Plan, Reconciler, Secret } from '@evenkeel/kernel'
import type { ClusterRecords } from '@evenkeel/substrate'
import { SIGNING_KEYS_FILE, signingKeysDocument } from './documents.ts'
import { type AuthenticatorFolder, applyFolderStep, type FolderStep } from './folder.ts'
import { parseSigningKeys, SIGNING_KEYS_RECORD, serializeSigningKeys, signingKeyOf } from './signing-keys.ts'

export interface SigningKeyPorts {
  readonly records: ClusterRecords
  readonly folder: AuthenticatorFolder
  readonly region: string
  /** Secrets of the namespace of signing keys; undefined until the home has listed them. */
  secrets(): readonly Secret[] | undefined
}

export type SigningKeyStep = FolderStep | { readonly kind: 'RecordSigningKeys'; readonly content: string }

export interface SigningKeySnapshot {
  /** Undefined: the home cannot be asked, and what is on record stays in force. */
  readonly asked: string | undefined
  readonly recorded: string | undefined
  readonly desiredDocument: string | undefined
  readonly observedDocument: string | undefined
  readonly unreadable: readonly string[]
}

/** A wiped folder is written again after so long at the latest. */
const LOOK_AGAIN_MS = 15_000

/** Copies signing keys from the home to the records, and from there to the authenticators. It has one key only. */
export function signingKeyReconciler(ports: SigningKeyPorts): Reconciler<string, SigningKeySnapshot, SigningKeyStep> {
  return {
    name: 'access.signing-keys',
    observe: () => observeSigningKeys(ports),
    plan: planSigningKeys,
    conditions: () => [],
    async apply(step) {
      if (step.kind === 'RecordSigningKeys') {
        await ports.records.write(SIGNING_KEYS_RECORD.cluster, SIGNING_KEYS_RECORD.name, step.content)
      } else {
        await applyFolderStep(step, ports.folder)
      }
      return { ok: true }
    },
  }
}

async function observeSigningKeys(ports: SigningKeyPorts): Promise<SigningKeySnapshot> {
  const [recorded, observedDocument] = await Promise.all([
    ports.records.read(SIGNING_KEYS_RECORD.cluster, SIGNING_KEYS_RECORD.name),
    ports.folder.read(SIGNING_KEYS_FILE),
  ])
  const read = ports.secrets()?.map(signingKeyOf)
  return {
    asked: read === undefined ? undefined : serializeSigningKeys(read.flatMap((key) => ('days' in key ? [key] : []))),
    recorded,
    desiredDocument: recorded === undefined ? undefined : signingKeysDocument(ports.region, parseSigningKeys(recorded)),
    observedDocument,
    unreadable: (read ?? []).flatMap((key) => ('unreadable' in key ? [key.unreadable] : [])),
  }
}

export function planSigningKeys(snapshot: SigningKeySnapshot): Plan<SigningKeyStep> {
  const { asked, recorded, desiredDocument, observedDocument, unreadable } = snapshot
  const notes: readonly Note[] = unreadable.map((detail) => ({
    kind: 'blocked',
    reason: 'SecretUnreadable',
    detail: `${detail}: the service writes it again at its next start`,
  }))
  if (asked !== undefined && asked !== recorded) {
    return { steps: [{ kind: 'RecordSigningKeys', content: asked }], notes }
  }
  if (desiredDocument !== undefined && desiredDocument !== observedDocument) {
    return { steps: [{ kind: 'WriteFile', file: SIGNING_KEYS_FILE, content: desiredDocument }], notes }
  }
  return { steps: [], notes, wakeAfterMs: LOOK_AGAIN_MS }
}
