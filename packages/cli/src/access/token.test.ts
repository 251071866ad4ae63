import { deriveSigningKey, parseClusterToken, verifyClusterToken } from '@evenkeel/contract/sigv4'
import { expect, test } from 'vitest'
import { execCredential } from './token.ts'

const key = { accessKeyId: 'AKIAEXAMPLE123456789', secretAccessKey: 'abc/def' }
const nowMs = Date.parse('2026-11-24T10:00:00.500Z')
const request = { cluster: 'Demo_1', region: 'local-1', key, nowMs, execInfo: undefined }

test('when a token is made, it is verified for its cluster and for no other', () => {
  const credential = execCredential(request)
  expect(credential.status.expirationTimestamp).toBe('2026-11-24T10:14:00Z')
  const parsed = parseClusterToken(credential.status.token)
  if (!parsed.ok) throw new Error(parsed.refusal.detail)
  const { scope } = parsed.value
  const signingKey = deriveSigningKey(key.secretAccessKey, scope)
  const verify = (clusterName: string) =>
    verifyClusterToken(parsed.value, { clusterName, region: 'local-1', nowMs, signingKeyOf: () => signingKey }).ok
  expect([verify('Demo_1'), verify('demo_1')]).toEqual([true, false])
})

test.each([
  [undefined, 'client.authentication.k8s.io/v1'],
  ['{"apiVersion":"client.authentication.k8s.io/v1beta1"}', 'client.authentication.k8s.io/v1beta1'],
  ['nonsense', 'client.authentication.k8s.io/v1'],
])('when kubectl says %s, the answer is of version %s', (execInfo, apiVersion) => {
  expect(execCredential({ ...request, execInfo }).apiVersion).toBe(apiVersion)
})
