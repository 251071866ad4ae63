import type { webcrypto } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import Type from 'typebox'
import { backdated, certificateText, randomSerial } from './certificate.ts'
import { decodePem, encodePem } from './pem.ts'

/** A certificate authority: PEM of its own certificate and of its key (PKCS#8). */
export const AuthoritySchema = Type.Object({
  certificate: Type.String({ pattern: '^-----BEGIN CERTIFICATE-----' }),
  key: Type.String({ pattern: '^-----BEGIN PRIVATE KEY-----' }),
})
export type Authority = Type.Static<typeof AuthoritySchema>

export const EC_KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
export const EC_SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const

const AUTHORITY_LIFE_YEARS = 10

/** When an authority ends that is made at `nowMs`. */
export function authorityEnd(nowMs: number): Date {
  const end = new Date(nowMs)
  end.setUTCFullYear(end.getUTCFullYear() + AUTHORITY_LIFE_YEARS)
  return end
}

/** A self-signed authority that may sign leaves only, good for ten years. */
export async function createAuthority(commonName: string, nowMs: number): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(EC_KEY, true, ['sign', 'verify'])
  const [certificate, key] = await Promise.all([
    x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: randomSerial(),
      name: [{ CN: [commonName] }],
      notBefore: backdated(nowMs),
      notAfter: authorityEnd(nowMs),
      keys,
      signingAlgorithm: EC_SIGNATURE,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    }),
    crypto.subtle.exportKey('pkcs8', keys.privateKey),
  ])
  return { certificate: certificateText(certificate), key: encodePem('PRIVATE KEY', key) }
}

/** Until when an authority is good (RFC 3339), by its certificate. */
export function expiryOf({ certificate }: Pick<Authority, 'certificate'>): string {
  return new x509.X509Certificate(certificate).notAfter.toISOString()
}

/** An authority ready to sign. */
export interface Signer {
  readonly certificate: x509.X509Certificate
  readonly key: webcrypto.CryptoKey
}

export async function loadSigner(authority: Authority): Promise<Signer> {
  return {
    certificate: new x509.X509Certificate(authority.certificate),
    key: await crypto.subtle.importKey('pkcs8', decodePem(authority.key), EC_KEY, false, ['sign']),
  }
}
