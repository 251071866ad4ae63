import { createPublicKey, createSign, verify, X509Certificate } from 'node:crypto'
import { Check } from 'typebox/value'
import { beforeAll, describe, expect, it } from 'vitest'
import { ClusterKeys, createClusterKeys } from './cluster-keys.ts'
import { areLeavesDue, issueCertificates, type LeafPlan, LeafSet, leafOf, nextExpiry } from './leaf-set.ts'

const DAY_MS = 24 * 3_600_000
const NOW_MS = Date.parse('2026-11-24T12:00:00Z')

const PLAN: LeafPlan = {
  'server/a': {
    authority: 'cluster',
    commonName: 'server',
    organizations: [],
    hosts: ['kubernetes', '10.0.0.1', 'fd00::1'],
    usages: ['server'],
  },
  'client/a': {
    authority: 'etcd',
    commonName: 'client, with=signs',
    organizations: ['system:masters'],
    hosts: [],
    usages: ['client'],
  },
}

let keys: ClusterKeys
let leaves: LeafSet

beforeAll(async () => {
  keys = await createClusterKeys('k3x9', NOW_MS)
  leaves = await issueCertificates(keys, PLAN, { nowMs: NOW_MS })
})

describe('createClusterKeys', () => {
  it('when keys are made, they fit their record', () => {
    expect(Check(ClusterKeys, JSON.parse(JSON.stringify(keys)))).toBe(true)
    expect(Buffer.from(keys.encryption.secret, 'base64')).toHaveLength(32)
  })

  it('when an authority is made, it signs itself, for ten years, and may sign leaves alone', () => {
    for (const authority of Object.values(keys.authorities)) {
      const certificate = new X509Certificate(authority.certificate)
      expect(certificate.ca).toBe(true)
      expect(certificate.verify(certificate.publicKey)).toBe(true)
      expect(certificate.validToDate.toISOString()).toBe('2036-11-24T12:00:00.000Z')
    }
  })

  it('when a token is signed with the key of service accounts, its public key says so', () => {
    const data = Buffer.from('token')
    const signature = createSign('RSA-SHA256').update(data).sign(keys.serviceAccount.privateKey)
    const publicKey = createPublicKey(keys.serviceAccount.publicKey)
    expect(verify('RSA-SHA256', data, publicKey, signature)).toBe(true)
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
  })

  it('when it is called twice, nothing is the same', async () => {
    const other = await createClusterKeys('k3x9', NOW_MS)
    expect(other.encryption.secret).not.toBe(keys.encryption.secret)
    expect(other.authorities.cluster.key).not.toBe(keys.authorities.cluster.key)
    expect(other.serviceAccount.privateKey).not.toBe(keys.serviceAccount.privateKey)
  })
})

describe('issueCertificates', () => {
  it('when leaves are issued, they fit their record and are for a year', () => {
    expect(Check(LeafSet, JSON.parse(JSON.stringify(leaves)))).toBe(true)
    expect(nextExpiry(leaves)).toBe('2027-11-24T12:00:00.000Z')
  })

  it('when a leaf is checked, its own authority has signed it and no other', () => {
    const server = new X509Certificate(leafOf(leaves, 'server/a').certificate)
    const { cluster, etcd } = keys.authorities
    expect(server.checkIssued(new X509Certificate(cluster.certificate))).toBe(true)
    expect(server.verify(new X509Certificate(cluster.certificate).publicKey)).toBe(true)
    expect(server.verify(new X509Certificate(etcd.certificate).publicKey)).toBe(false)
    expect(server.ca).toBe(false)
  })

  it('when a server is reached by any of its hosts, its certificate names it', () => {
    const server = new X509Certificate(leafOf(leaves, 'server/a').certificate)
    expect(server.checkHost('kubernetes')).toBe('kubernetes')
    expect(server.checkIP('10.0.0.1')).toBe('10.0.0.1')
    expect(server.checkIP('fd00::1')).toBe('fd00::1')
    expect(server.checkIP('10.0.0.2')).toBeUndefined()
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })

  it('when a name has signs in it, it stays one name', () => {
    const client = new X509Certificate(leafOf(leaves, 'client/a').certificate)
    expect(client.toLegacyObject().subject).toEqual({ O: 'system:masters', CN: 'client, with=signs' })
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  })

  it('when nothing is due, it keeps what is on record', async () => {
    const again = await issueCertificates(keys, PLAN, { nowMs: NOW_MS + DAY_MS, recorded: leaves })
    expect(again).toEqual(leaves)
  })

  it('when a server gets another host, it alone is issued anew', async () => {
    const server = PLAN['server/a']
    if (server === undefined) {
      throw new Error('the plan has no server')
    }
    const moved = { ...PLAN, 'server/a': { ...server, hosts: ['elsewhere'] } }
    const again = await issueCertificates(keys, moved, { nowMs: NOW_MS, recorded: leaves })
    expect(leafOf(again, 'client/a')).toEqual(leafOf(leaves, 'client/a'))
    expect(leafOf(again, 'server/a')).not.toEqual(leafOf(leaves, 'server/a'))
  })

  it('when a third of the life is left, all are issued anew with new keys', async () => {
    const again = await issueCertificates(keys, PLAN, { nowMs: NOW_MS + 244 * DAY_MS, recorded: leaves })
    expect(leafOf(again, 'server/a').key).not.toBe(leafOf(leaves, 'server/a').key)
    expect(nextExpiry(again) > nextExpiry(leaves)).toBe(true)
  })

  it('when the authority ends sooner, so does what it signs', async () => {
    const late = NOW_MS + 3600 * DAY_MS
    const last = await issueCertificates(keys, PLAN, { nowMs: late })
    expect(nextExpiry(last)).toBe('2036-11-24T12:00:00.000Z')
  })
})

describe('areLeavesDue', () => {
  const { 'server/a': server, ...withoutServer } = PLAN
  it.each<[string, boolean, LeafPlan, number]>([
    ['nothing has changed', false, PLAN, 0],
    ['half of the life is left', false, PLAN, 182],
    ['a third of the life is left', true, PLAN, 244],
    ['they have expired', true, PLAN, 400],
    ['one more is wanted', true, { ...PLAN, 'server/b': server as NonNullable<typeof server> }, 0],
    ['one fewer is wanted', true, withoutServer, 0],
  ])('when %s, it says %s', (_, due, plan, days) => {
    expect(areLeavesDue(leaves, plan, NOW_MS + days * DAY_MS)).toBe(due)
  })
})

describe('leafOf', () => {
  it('when there is no such leaf, it names it', () => {
    expect(() => leafOf(leaves, 'nobody/server')).toThrow(/nobody\/server/)
  })
})
