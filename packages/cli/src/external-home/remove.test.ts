import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLUSTERS, type KubeObject, NODE_GROUPS } from '@evenkeel/contract/kinds'
import {
  CLUSTER_ROLES,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  type ResourceRef,
  VALIDATING_ADMISSION_POLICIES,
} from '@evenkeel/kernel'
import { FakeHome } from '@evenkeel/kernel/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { renderKubeconfig } from './kubeconfig.ts'
import { type Leftover, removeFromHome } from './remove.ts'

const ours = { id: 'k7pmw2x9qa', signal: new AbortController().signal }
const KINDS: readonly ResourceRef[] = [
  VALIDATING_ADMISSION_POLICIES,
  CUSTOM_RESOURCE_DEFINITIONS,
  CLUSTER_ROLES,
  NAMESPACES,
]

let folder: string
let home: FakeHome
let kubeconfig: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-remove-'))
  home = await FakeHome.start()
  kubeconfig = join(folder, 'admin.kubeconfig')
  await writeFile(kubeconfig, renderKubeconfig(home.connection))
  const client = home.client()
  const labels = { 'app.kubernetes.io/part-of': 'evenkeel' }
  for (const resource of KINDS) {
    const object = { apiVersion: 'v1', kind: resource.plural }
    await client.create(resource, { ...object, metadata: { name: 'ours', labels } })
    await client.create(resource, { ...object, metadata: { name: 'theirs' } })
  }
  const metadata = { name: 'demo', namespace: 'account-1', finalizers: ['evenkeel.dev/keeper'] }
  await client.create(CLUSTERS, { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Cluster', metadata })
  await client.create(NODE_GROUPS, { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'NodeGroup', metadata })
  client.close()
})
afterEach(async () => {
  await home[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const names = () =>
  [...KINDS, NODE_GROUPS, CLUSTERS].map((resource) =>
    home.objects<KubeObject>(resource).map(({ metadata }) => metadata.name),
  )

describe('removeFromHome', () => {
  test('when it is done, what was ours is gone, what keepers held too, and nothing else', async () => {
    expect(await removeFromHome(kubeconfig, ours)).toBe('removed')
    expect(names()).toEqual([['theirs'], ['theirs'], ['theirs'], ['theirs'], [], []])
    expect(await removeFromHome(kubeconfig, ours)).toBe('removed')
  })

  test('when the home does not answer, it says why and how its owner removes it', async () => {
    await home.goAway()
    const left = (await removeFromHome(kubeconfig, ours)) as Leftover
    expect(left.reason).toContain('ECONNREFUSED')
    expect(left.commands).toContain(
      'kubectl delete customresourcedefinitions.apiextensions.k8s.io -l app.kubernetes.io/part-of=evenkeel',
    )
    expect(left.commands.at(-1)).toBe('kubectl delete namespaces -l app.kubernetes.io/part-of=evenkeel')
  })
})
