import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from '@evenkeel/kernel'
import { FakeHome } from '@evenkeel/kernel/testing'
import { expect, it } from 'vitest'
import { grantServiceRights } from './index.ts'

it('when the rights of the service are granted twice, there is one role and one binding', async () => {
  await using home = await FakeHome.start()
  await grantServiceRights(home.client())
  await grantServiceRights(home.client())
  expect(home.objects(CLUSTER_ROLES).map(({ metadata }) => metadata.name)).toEqual(['evenkeel-service'])
  expect(home.objects(CLUSTER_ROLE_BINDINGS).map(({ metadata }) => metadata.name)).toEqual(['evenkeel-service'])
})
