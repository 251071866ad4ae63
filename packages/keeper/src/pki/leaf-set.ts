import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import Type from 'typebox'
import { type Authority, EC_KEY, EC_SIGNATURE, loadSigner, type Signer } from './authority.ts'
import { backdated, certificateText, randomSerial } from './certificate.ts'
import { encodePem } from './pem.ts'
import { isDueForRenewal } from './renewal.ts'

/**
 * Who signs what: `cluster` its clients and servers, `etcd` its members, `frontProxy` the aggregation layer's requests,
 * `service` the EKS API for other machines.
 */
export const AuthorityName = Type.Union(
  (['cluster', 'etcd', 'frontProxy', 'service'] as const).map((name) => Type.Literal(name)),
)
export type AuthorityName = 'cluster' | 'etcd' | 'frontProxy' | 'service'

/** Those that a plan asks for have to be there. */
export type Authorities = Readonly<Partial<Record<AuthorityName, Authority>>>

/** What a certificate is to say. `hosts` are names or addresses that a server is reached by. */
export const LeafRequest = Type.Object({
  authority: AuthorityName,
  commonName: Type.String({ minLength: 1 }),
  organizations: Type.Array(Type.String()),
  hosts: Type.Array(Type.String()),
  usages: Type.Array(Type.Union([Type.Literal('server'), Type.Literal('client')])),
})
export type LeafRequest = Omit<Type.Static<typeof LeafRequest>, 'authority'> & { authority: AuthorityName }

/** A certificate, its key (PEM, PKCS#8), its life (RFC 3339), and what it was asked to say. */
export const Leaf = Type.Object({
  certificate: Type.String({ pattern: '^-----BEGIN CERTIFICATE-----' }),
  key: Type.String({ pattern: '^-----BEGIN PRIVATE KEY-----' }),
  notBefore: Type.String({ minLength: 1 }),
  notAfter: Type.String({ minLength: 1 }),
  request: LeafRequest,
})
export type Leaf = Omit<Type.Static<typeof Leaf>, 'request'> & { request: LeafRequest }

/** All certificates of a cluster that expire within a year, by name (`kube-apiserver-a/serving`): one record, replaced at renewal. */
export const LeafSet = Type.Object({ version: Type.Literal(1), leaves: Type.Record(Type.String(), Leaf) })
export type LeafSet = { version: 1; leaves: Record<string, Leaf> }

/** Which certificates a cluster is to have, by name. */
export type LeafPlan = Readonly<Record<string, LeafRequest>>

const LEAF_LIFE_MS = 365 * 24 * 3_600_000

/** Certificates as planned. Of `recorded`, what still says what the plan asks and is not due for renewal is kept. */
export async function issueCertificates(
  { authorities }: { readonly authorities: Authorities },
  plan: LeafPlan,
  options: { readonly nowMs: number; readonly recorded?: LeafSet },
): Promise<LeafSet> {
  const { nowMs, recorded } = options
  const signers = await loadSigners(authorities)
  const leaves = await Promise.all(
    Object.entries(plan).map(async ([name, request]): Promise<[string, Leaf]> => {
      const kept = recorded?.leaves[name]
      const good = kept !== undefined && isCurrent(kept, request, nowMs)
      return [name, good ? kept : await issue(signerOf(signers, request), request, nowMs)]
    }),
  )
  return { version: 1, leaves: Object.fromEntries(leaves) }
}

/** Whether `issueCertificates` would change anything. */
export function areLeavesDue(recorded: LeafSet, plan: LeafPlan, nowMs: number): boolean {
  const names = Object.keys(plan)
  if (names.length !== Object.keys(recorded.leaves).length) {
    return true
  }
  return names.some((name) => {
    const leaf = recorded.leaves[name]
    const request = plan[name]
    return leaf === undefined || request === undefined || !isCurrent(leaf, request, nowMs)
  })
}

/** The earliest end of a certificate's life (RFC 3339). */
export function nextExpiry(recorded: LeafSet): string {
  const ends = Object.values(recorded.leaves).map((leaf) => leaf.notAfter)
  const first = ends.sort()[0]
  if (first === undefined) {
    throw new Error('a set of certificates is empty: restore the record from a backup')
  }
  return first
}

/** A leaf by name; throws when the plan that the set was issued for did not have it. */
export function leafOf(leaves: LeafSet, name: string): Leaf {
  const leaf = leaves.leaves[name]
  if (leaf === undefined) {
    throw new Error(`certificate ${name} was not issued: issue the certificates again for what is to run`)
  }
  return leaf
}

function isCurrent(leaf: Leaf, request: LeafRequest, nowMs: number): boolean {
  const notBeforeMs = Date.parse(leaf.notBefore)
  const notAfterMs = Date.parse(leaf.notAfter)
  return !isDueForRenewal({ notBeforeMs, notAfterMs, nowMs }) && isSameRequest(leaf.request, request)
}

function isSameRequest(one: LeafRequest, other: LeafRequest): boolean {
  const text = ({ authority, commonName, organizations, hosts, usages }: LeafRequest) =>
    JSON.stringify([authority, commonName, organizations, hosts, usages])
  return text(one) === text(other)
}

async function loadSigners(authorities: Authorities): Promise<ReadonlyMap<string, Signer>> {
  const loaded = Object.entries(authorities).map(
    async ([name, authority]): Promise<[string, Signer]> => [name, await loadSigner(authority)],
  )
  return new Map(await Promise.all(loaded))
}

function signerOf(signers: ReadonlyMap<string, Signer>, request: LeafRequest): Signer {
  const signer = signers.get(request.authority)
  if (signer === undefined) {
    throw new Error(`certificate ${request.commonName} wants the authority "${request.authority}", which is not there`)
  }
  return signer
}

async function issue(signer: Signer, request: LeafRequest, nowMs: number): Promise<Leaf> {
  const keys = await crypto.subtle.generateKey(EC_KEY, true, ['sign', 'verify'])
  const notBefore = backdated(nowMs)
  // An authority at its own end bounds what it signs.
  const notAfter = new Date(Math.min(nowMs + LEAF_LIFE_MS, signer.certificate.notAfter.getTime()))
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
  const usages = request.usages.map((usage) => (usage === 'server' ? serverAuth : clientAuth))
  const [certificate, key] = await Promise.all([
    x509.X509CertificateGenerator.create({
      serialNumber: randomSerial(),
      subject: [
        ...(request.organizations.length === 0 ? [] : [{ O: request.organizations }]),
        { CN: [request.commonName] },
      ],
      issuer: signer.certificate.subjectName.toJSON(),
      notBefore,
      notAfter,
      publicKey: keys.publicKey,
      signingKey: signer.key,
      signingAlgorithm: EC_SIGNATURE,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(usages),
        await x509.AuthorityKeyIdentifierExtension.create(signer.certificate.publicKey),
        ...(request.hosts.length === 0
          ? []
          : [
              new x509.SubjectAlternativeNameExtension(
                request.hosts.map((host) => ({ type: hostType(host), value: host })),
              ),
            ]),
      ],
    }),
    crypto.subtle.exportKey('pkcs8', keys.privateKey),
  ])
  return {
    certificate: certificateText(certificate),
    key: encodePem('PRIVATE KEY', key),
    // A certificate counts in whole seconds.
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    request,
  }
}

function hostType(host: string): 'ip' | 'dns' {
  return host.includes(':') || /^[0-9]+(\.[0-9]+){3}$/.test(host) ? 'ip' : 'dns'
}
