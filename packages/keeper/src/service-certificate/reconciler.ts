import type { Clock, Reconciler } from '@evenkeel/kernel'
import type { ClusterRecords } from '@evenkeel/substrate'
import { serializeFact } from '../control-plane/index.ts'
import { createAuthority, expiryOf, issueCertificates } from '../pki/index.ts'
import { planServiceCertificate, type ServiceCertificateSnapshot, type ServiceCertificateStep } from './plan.ts'
import {
  AUTHORITY_RECORD,
  CERTIFICATE_RECORD,
  certificatePlan,
  examineCertificate,
  OWN_RECORDS,
  parseAuthority,
  parseCertificate,
  serializeAuthority,
  serviceFiles,
} from './records.ts'

export interface ServiceCertificatePorts {
  readonly records: ClusterRecords
  readonly clock: Clock
  /** Names and addresses by which other machines reach the service; none: it serves loopback alone. */
  readonly hosts: readonly string[]
  /** The access folder. */
  readonly files: {
    read(file: string): Promise<string | undefined>
    write(file: string, content: string): Promise<void>
  }
  /** Told at every look when the certificate ends, and when its authority does (RFC 3339). */
  seen(ends: { readonly nextExpiry: string; readonly authorityExpiry: string }): void
}

/** Keeps the certificate of the EKS API. It has one key only. */
export function serviceCertificateReconciler(
  ports: ServiceCertificatePorts,
): Reconciler<string, ServiceCertificateSnapshot, ServiceCertificateStep> {
  return {
    name: 'service-certificate',
    observe: () => observe(ports),
    plan: planServiceCertificate,
    conditions: () => [],
    async apply({ kind }) {
      await APPLY[kind](ports)
      return { ok: true }
    },
  }
}

async function readRecords({ records }: ServiceCertificatePorts) {
  const [authority, certificate] = await Promise.all([
    records.read(OWN_RECORDS, AUTHORITY_RECORD),
    records.read(OWN_RECORDS, CERTIFICATE_RECORD),
  ])
  return {
    authority: authority === undefined ? undefined : parseAuthority(authority),
    leaves: certificate === undefined ? undefined : parseCertificate(certificate),
  }
}

async function observe(ports: ServiceCertificatePorts): Promise<ServiceCertificateSnapshot> {
  const { clock, hosts, files } = ports
  const { authority, leaves } = await readRecords(ports)
  const certificate = leaves === undefined ? undefined : examineCertificate(leaves, hosts, clock.now())
  if (certificate !== undefined && authority !== undefined) {
    ports.seen({ nextExpiry: certificate.nextExpiry, authorityExpiry: expiryOf(authority) })
  }
  const wanted = authority === undefined || leaves === undefined ? [] : [...serviceFiles(authority, leaves)]
  const written = await Promise.all(wanted.map(async ([file, content]) => (await files.read(file)) === content))
  return {
    isWanted: hosts.length > 0,
    hasAuthority: authority !== undefined,
    certificate,
    filesWritten: wanted.length > 0 && written.every(Boolean),
  }
}

const APPLY: Record<ServiceCertificateStep['kind'], (ports: ServiceCertificatePorts) => Promise<void>> = {
  async RecordServiceAuthority({ records, clock }) {
    const authority = await createAuthority('evenkeel service', clock.now())
    await records.writeOnce(OWN_RECORDS, AUTHORITY_RECORD, serializeAuthority(authority))
  },
  async RecordServiceCertificate(ports) {
    const { authority: service, leaves: recorded } = await readRecords(ports)
    if (service === undefined) {
      throw new Error('the authority of the service has vanished between two steps')
    }
    const options = { nowMs: ports.clock.now(), ...(recorded === undefined ? {} : { recorded }) }
    const leaves = await issueCertificates({ authorities: { service } }, certificatePlan(ports.hosts), options)
    await ports.records.write(OWN_RECORDS, CERTIFICATE_RECORD, serializeFact(leaves))
  },
  async WriteServiceFiles(ports) {
    const { authority, leaves } = await readRecords(ports)
    if (authority === undefined || leaves === undefined) {
      return
    }
    for (const [file, content] of serviceFiles(authority, leaves)) {
      await ports.files.write(file, content)
    }
  },
}
