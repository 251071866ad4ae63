import Type from 'typebox'
import { type Authority, AuthoritySchema, authorityEnd, createAuthority } from './authority.ts'
import { encodePem } from './pem.ts'

/**
 * All that a cluster's secrets come from. Made once, recorded as one record before its first use, never changed.
 * `serviceAccount`: RSA 2048, PEM (PKCS#8 and SPKI); every token of a service account is signed with it.
 * `encryption`: 32 bytes in base64, for secretbox.
 */
export const ClusterKeys = Type.Object({
  version: Type.Literal(1),
  createdAt: Type.String({ minLength: 1 }),
  authorities: Type.Object({ cluster: AuthoritySchema, etcd: AuthoritySchema, frontProxy: AuthoritySchema }),
  serviceAccount: Type.Object({
    privateKey: Type.String({ pattern: '^-----BEGIN PRIVATE KEY-----' }),
    publicKey: Type.String({ pattern: '^-----BEGIN PUBLIC KEY-----' }),
  }),
  encryption: Type.Object({
    name: Type.String({ minLength: 1 }),
    secret: Type.String({ minLength: 44, maxLength: 44 }),
  }),
})
export type ClusterKeys = Type.Static<typeof ClusterKeys>

/** Until when the cluster's authorities are good (RFC 3339): no certificate of the cluster outlives them. */
export function authoritiesEnd({ createdAt }: Pick<ClusterKeys, 'createdAt'>): string {
  return authorityEnd(Date.parse(createdAt)).toISOString()
}

/** Fresh keys for the cluster `id`; `nowMs` is when its authorities' ten years begin. */
export async function createClusterKeys(id: string, nowMs: number): Promise<ClusterKeys> {
  const named = (name: string): Promise<Authority> => createAuthority(`evenkeel ${id} ${name}`, nowMs)
  const [serviceAccount, cluster, etcd, frontProxy] = await Promise.all([
    // First: it takes longest, and the others fit beside it.
    createServiceAccountKey(),
    named('cluster'),
    named('etcd'),
    named('front proxy'),
  ])
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')
  return {
    version: 1,
    createdAt: new Date(nowMs).toISOString(),
    authorities: { cluster, etcd, frontProxy },
    serviceAccount,
    encryption: { name: 'key1', secret },
  }
}

async function createServiceAccountKey(): Promise<ClusterKeys['serviceAccount']> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  }
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.exportKey('pkcs8', pair.privateKey),
    crypto.subtle.exportKey('spki', pair.publicKey),
  ])
  return { privateKey: encodePem('PRIVATE KEY', privateKey), publicKey: encodePem('PUBLIC KEY', publicKey) }
}
