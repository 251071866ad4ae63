import { externalHomeRules } from '@evenkeel/contract/kinds'
import { expect, test } from 'vitest'
import { describeRights, questionsOf } from './rights.ts'

test('when rules are asked about one by one, what is missing is told by subject', () => {
  const questions = questionsOf([
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'clusterroles'], verbs: ['create', 'bind'] },
    { apiGroups: [''], resources: ['groups'], resourceNames: ['evenkeel:users'], verbs: ['impersonate'] },
  ])
  expect(questions).toHaveLength(5)
  expect(describeRights(questions)).toEqual([
    'create, bind roles.rbac.authorization.k8s.io',
    'create, bind clusterroles.rbac.authorization.k8s.io',
    'impersonate groups evenkeel:users',
  ])
})

test('when a home is external, its identity has to impersonate callers and keepers, and to remove what it has made', () => {
  const rights = describeRights(questionsOf(externalHomeRules()))
  expect(rights).toContain('impersonate groups evenkeel:users')
  expect(rights).toContain('impersonate groups evenkeel:keepers')
  expect(rights).toContainEqual(
    expect.stringMatching(/get, .*create, .*delete customresourcedefinitions\.apiextensions\.k8s\.io/),
  )
})
