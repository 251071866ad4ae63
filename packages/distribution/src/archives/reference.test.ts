import { expect, test } from 'vitest'
import { fullReference } from './reference.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test.each([
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.29', 'docker.io/library/nginx:1.29'],
  ['team/web:1', 'docker.io/team/web:1'],
  ['index.docker.io/library/nginx:1', 'docker.io/library/nginx:1'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest'],
  ['localhost/web:dev', 'localhost/web:dev'],
  ['registry:5000/web', 'registry:5000/web:latest'],
  ['example.com:5000/a/b__c:1.2-rc_3', 'example.com:5000/a/b__c:1.2-rc_3'],
  [`example.com/web@${DIGEST}`, `example.com/web@${DIGEST}`],
  [`example.com/web:1@${DIGEST}`, `example.com/web@${DIGEST}`],
])('when an image is called %s, its full name is %s', (name, full) => {
  expect(fullReference(name)).toBe(full)
})

test.each([
  '',
  ':',
  'web:',
  '/web',
  'example.com/',
  'Web',
  'a//b',
  'web:with space',
  'web@sha256:12',
  '-web',
  `a@${DIGEST}@b`,
])('when an image is called "%s", that is no name', (name) => {
  expect(fullReference(name)).toBeUndefined()
})
