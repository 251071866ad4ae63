import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { renderHomeContext } from './home-context.ts'

function kubeconfig(context: Record<string, string>): string {
  const users = [{ name: 'admin', user: { 'client-key-data': 'c2VjcmV0' } }]
  return stringify({ 'current-context': 'home', contexts: [{ name: 'home', context }], users })
}

test('when the context of the home names no namespace, it gets that of the account and no secret', () => {
  const overlay = renderHomeContext(kubeconfig({ cluster: 'home', user: 'admin' }), 'account-1') ?? ''
  expect(parse(overlay)).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'home',
    contexts: [{ name: 'home', context: { cluster: 'home', user: 'admin', namespace: 'account-1' } }],
  })
})

test('when somebody has chosen a namespace, or no context, nothing is put before it', () => {
  expect(renderHomeContext(kubeconfig({ cluster: 'home', user: 'admin', namespace: 'mine' }), 'account-1')).toBe(
    undefined,
  )
  expect(renderHomeContext('', 'account-1')).toBe(undefined)
})
