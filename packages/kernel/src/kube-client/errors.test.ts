import { expect, test } from 'vitest'
import { kubeErrorFrom } from './errors.ts'

test.each([
  [
    'a health page is answered, the checks that failed are named',
    '[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed\n',
    'GET /readyz was answered with HTTP status 500: not ready are etcd, poststarthook/rbac/bootstrap-roles',
  ],
  [
    'some other text is answered, it is shown',
    'upstream connect error',
    'GET /readyz was answered with HTTP status 500 and no explanation: upstream connect error',
  ],
  ['a Status is answered, its message says it all', '{"kind":"Status","message":"no leader"}', 'no leader'],
])('when %s', (_, body, message) => {
  const error = kubeErrorFrom({ status: 500, body, retryAfterHeader: undefined, request: 'GET /readyz' })
  expect(error.message).toBe(message)
})

test('when a health page is answered, the checks that failed can be told apart', () => {
  const body = '[+]ping ok\n[-]etcd failed: reason withheld\n[-]shutdown failed: reason withheld\nreadyz check failed\n'
  const error = kubeErrorFrom({ status: 500, body, retryAfterHeader: undefined, request: 'GET /readyz' })
  expect(error.failedChecks).toEqual(['etcd', 'shutdown'])
})
