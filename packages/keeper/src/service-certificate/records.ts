import Type from 'typebox'
import { parseFact } from '../control-plane/index.ts'
import {
  type Authority,
  AuthoritySchema,
  areLeavesDue,
  type LeafPlan,
  LeafSet,
  leafOf,
  nextExpiry,
} from '../pki/index.ts'

/** Of the installation's own cluster of records. */
export const OWN_RECORDS = 'evenkeel'
export const AUTHORITY_RECORD = 'service-authority.json'
export const CERTIFICATE_RECORD = 'service-certificate.json'

/** Files of the access folder. */
export const SERVICE_FILES = { certificate: 'service.pem', authority: 'service-ca.crt' } as const

const LEAF = 'service/server'

const AuthorityRecord = Type.Object({ version: Type.Literal(1), authority: AuthoritySchema })

export function serializeAuthority(authority: Authority): string {
  return `${JSON.stringify({ version: 1, authority }, null, 2)}\n`
}

export function parseAuthority(content: string): Authority {
  return parseFact(AuthorityRecord, content, { cluster: OWN_RECORDS, name: AUTHORITY_RECORD }).authority
}

export function parseCertificate(content: string): LeafSet {
  return parseFact(LeafSet, content, { cluster: OWN_RECORDS, name: CERTIFICATE_RECORD }) as LeafSet
}

/** `hosts`: names and addresses by which the service is reached. */
export function certificatePlan(hosts: readonly string[]): LeafPlan {
  const names = { commonName: 'evenkeel-service', organizations: [], hosts: [...hosts] }
  return { [LEAF]: { ...names, authority: 'service', usages: ['server'] } }
}

export function examineCertificate(leaves: LeafSet, hosts: readonly string[], nowMs: number) {
  return { due: areLeavesDue(leaves, certificatePlan(hosts), nowMs), nextExpiry: nextExpiry(leaves) }
}

/** One file for certificate and key: it is replaced as a whole, so nobody reads one beside the other's successor. */
export function serviceFiles(authority: Authority, leaves: LeafSet): ReadonlyMap<string, string> {
  const { certificate, key } = leafOf(leaves, LEAF)
  return new Map([
    // What clients trust is there before what they are shown.
    [SERVICE_FILES.authority, authority.certificate],
    [SERVICE_FILES.certificate, `${certificate}${key}`],
  ])
}
