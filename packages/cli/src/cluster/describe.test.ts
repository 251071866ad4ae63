import { expect, test } from 'vitest'
import { describeText, listText } from './describe.ts'

const demo = {
  name: 'demo',
  status: 'ACTIVE' as const,
  version: '1.37',
  endpoint: 'https://127.5.0.2:6443',
  createdAt: new Date('2026-11-24T10:00:00Z'),
  deletionProtection: false,
  tags: { team: 'blue', stage: 'test' },
  health: { issues: [{ code: 'ResourceLimitExceeded' as const, message: 'the disk is full' }] },
}

test('when a cluster is described, only what is known is shown, and every issue', () => {
  expect(describeText(demo)).toBe(
    `${[
      'name       demo',
      'status     ACTIVE',
      'version    1.37',
      'endpoint   https://127.5.0.2:6443',
      'created    2026-11-24T10:00:00.000Z',
      'protected  no',
      'tags       team=blue stage=test',
      'issue      ResourceLimitExceeded: the disk is full',
    ].join('\n')}\n`,
  )
})

test('when the network of a cluster is known, it says what that means', () => {
  expect(describeText(demo, { network: 'private' })).toContain('network    private: a network of its own')
  expect(describeText(demo, { network: 'loopback' })).toMatch(
    /network {4}loopback: it can have no nodes; a new cluster/,
  )
})

test('when clusters are listed, each has a line; when there is none, it says how to make one', () => {
  expect(listText([demo])).toBe(
    'NAME  STATUS  VERSION  ENDPOINT                CREATED\n' +
      'demo  ACTIVE  1.37     https://127.5.0.2:6443  2026-11-24T10:00:00\n',
  )
  expect(listText([])).toContain('./evenkeel cluster create NAME')
})
