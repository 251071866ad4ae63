import { deriveSigningKey, TOKEN_SERVICE } from '@evenkeel/contract/sigv4'
import type { AdmissionFacts, ProbeKey } from '../control-plane/index.ts'
import type { HostedIntent } from '../intent/index.ts'
import { type DayKeys, dayOf, type SigningKey } from './signing-keys.ts'

/** File of the authenticators' folder. */
export const SIGNING_KEYS_FILE = 'signing-keys.json'

export function clusterFile(id: string): string {
  return `clusters/${id}.json`
}

/** Who the keeper is when it tries the way of a token. It has no rights: to be known is all that it asks. */
export const PROBE = { principalArn: 'arn:aws:iam::000000000000:user/evenkeel-probe', username: 'evenkeel:probe' }

const AHEAD_DAYS = 30
const DAY_MS = 86_400_000

/** Derived keys of the probe: yesterday (a token may be some minutes old) and 30 days ahead, like everybody's. */
export function probeDays(probeKey: ProbeKey, options: { region: string; nowMs: number }): DayKeys {
  const days: [string, string][] = []
  for (let offset = -1; offset <= AHEAD_DAYS; offset += 1) {
    const day = dayOf(options.nowMs + offset * DAY_MS)
    const scope = { day, region: options.region, service: TOKEN_SERVICE }
    days.push([day, Buffer.from(deriveSigningKey(probeKey.secretAccessKey, scope)).toString('base64')])
  }
  return Object.fromEntries(days)
}

export function signingKeysDocument(region: string, keys: readonly SigningKey[]): string {
  return `${JSON.stringify({ region, keys })}\n`
}

export interface ClusterDocumentInput {
  readonly id: string
  readonly intent: HostedIntent
  readonly facts: AdmissionFacts
  readonly region: string
  readonly nowMs: number
}

/** What the authenticators are told of one cluster: its certificate there, who may come in, as whom. */
export function clusterDocument({ id, intent, facts, region, nowMs }: ClusterDocumentInput): string {
  const { serving, clientCertificateAuthority, probeKey } = facts
  const days = probeDays(probeKey, { region, nowMs })
  return `${JSON.stringify({
    id,
    name: intent.spec.eksName,
    region,
    serving,
    clientCertificateAuthority,
    entries: [...creatorEntries(intent), { ...PROBE, groups: [] }],
    probe: { accessKeyId: probeKey.accessKeyId, principalArn: PROBE.principalArn, days },
  })}\n`
}

function creatorEntries({ spec }: HostedIntent) {
  const { creator, bootstrapClusterCreatorAdminPermissions = true } = spec
  // A creator that came through the home's own API has no ARN, and no way to make a token.
  if (!bootstrapClusterCreatorAdminPermissions || creator?.startsWith('arn:') !== true) {
    return []
  }
  return [{ principalArn: creator, username: creator, groups: ['system:masters'] }]
}
