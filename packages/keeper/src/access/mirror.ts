import type { ConditionDraft, Note, Plan, Reconciler, Secret } from '@evenkeel/kernel'
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
  /** What is to be said of every hosted cluster, each time that the home has been asked. Returns at once. */
  told(conditions: readonly ConditionDraft[]): void
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
    // With the home away it stays as it was: what it holds is not known.
    report: async (_key, snapshot) => {
      if (snapshot.asked !== undefined) ports.told(signingKeyConditions(snapshot))
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

const UNREADABLE = 'SecretUnreadable'

function unreadableText(why: string): string {
  return `${why}: tokens of its access key are refused; the service writes it again at its next start`
}

/** Of every hosted cluster, since any access key may have an entry there; nothing while all keys can be read. Pure. */
export function signingKeyConditions({ unreadable }: SigningKeySnapshot): readonly ConditionDraft[] {
  if (unreadable.length === 0) return []
  const message = unreadable.map(unreadableText).sort().join('; ')
  return [{ type: 'SigningKeysReadable', status: 'False', reason: UNREADABLE, message }]
}

export function planSigningKeys(snapshot: SigningKeySnapshot): Plan<SigningKeyStep> {
  const { asked, recorded, desiredDocument, observedDocument, unreadable } = snapshot
  const notes: readonly Note[] = unreadable.map((why) => ({
    kind: 'blocked',
    reason: UNREADABLE,
    detail: unreadableText(why),
  }))
  if (asked !== undefined && asked !== recorded) {
    return { steps: [{ kind: 'RecordSigningKeys', content: asked }], notes }
  }
  if (desiredDocument !== undefined && desiredDocument !== observedDocument) {
    return { steps: [{ kind: 'WriteFile', file: SIGNING_KEYS_FILE, content: desiredDocument }], notes }
  }
  return { steps: [], notes, wakeAfterMs: LOOK_AGAIN_MS }
}
