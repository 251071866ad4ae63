import 'reflect-metadata'
import type * as x509 from '@peculiar/x509'

/** Clocks of one cell may differ a little; a certificate that begins "now" would be refused where it is still earlier. */
const BACKDATE_MS = 5 * 60_000

export function backdated(nowMs: number): Date {
  return new Date(nowMs - BACKDATE_MS)
}

/** 127 random bits in hex: positive in DER, and never 0. */
export function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

export function certificateText(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`
}
