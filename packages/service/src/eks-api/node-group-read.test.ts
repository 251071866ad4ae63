import { NODE_GROUPS } from '@evenkeel/contract/kinds'
import { describe, expect, it } from 'vitest'
import { EksRig, NAMESPACE } from '../testing/eks-rig.ts'

const PATH = '/clusters/web/node-groups'
const REMOVE = { method: 'DELETE', path: `${PATH}/small` }

describe('DescribeNodegroup and ListNodegroups', () => {
  it('when keepers report, it shows what they saw', async () => {
    await using rig = await EksRig.withCluster()
    await rig.createNodeGroup('small')
    await rig.reportNodeGroup('small', {
      phase: 'DEGRADED',
      version: '1.35',
      releaseVersion: '1.35.2-20261001',
      health: { issues: [{ code: 'PodEvictionFailure', message: 'why', resourceIds: ['ng-1'] }] },
      conditions: [
        {
          type: 'NodesReady',
          status: 'False',
          reason: 'SomeNotReady',
          message: 'not Ready: ng-1',
          lastTransitionTime: '2030-01-01T00:00:00Z',
        },
      ],
    })
    expect((await rig.send({ path: `${PATH}/small` })).body).toMatchObject({
      nodegroup: {
        status: 'DEGRADED',
        version: '1.35',
        releaseVersion: '1.35.2-20261001',
        modifiedAt: Date.parse('2030-01-01T00:00:00Z') / 1000,
        health: { issues: [{ code: 'PodEvictionFailure', message: 'why', resourceIds: ['ng-1'] }] },
      },
    })
  })

  it('when there are several, pages hold every one once, sorted by name', async () => {
    await using rig = await EksRig.withCluster()
    for (const name of ['c', 'a', 'b']) await rig.createNodeGroup(name)
    const first = (await rig.send({ path: `${PATH}?maxResults=2` })).body
    expect(first['nodegroups']).toEqual(['a', 'b'])
    const rest = await rig.send({ path: `${PATH}?nextToken=${String(first['nextToken'])}` })
    expect(rest.body).toEqual({ nodegroups: ['c'] })
    await rig.create('other')
    expect((await rig.send({ path: '/clusters/other/node-groups' })).body).toEqual({ nodegroups: [] })
  })

  it('when the cluster or the node group is unknown, it says which', async () => {
    await using rig = await EksRig.withCluster()
    for (const [path, message] of [
      [PATH.replace('web', 'none'), 'No cluster found for name: none.'],
      [`${PATH.replace('web', 'none')}/small`, 'No cluster found for name: none.'],
      [`${PATH}/small`, 'No node group found for name: small.'],
      ['/clusters/web/updates?nodegroupName=small', 'No node group found for name: small.'],
    ] as const) {
      expect(await rig.send({ path })).toMatchObject({
        status: 404,
        fault: 'ResourceNotFoundException',
        body: { message },
      })
    }
  })
})

describe('DeleteNodegroup', () => {
  it('when a keeper holds it, it is DELETING until it is gone, and deleting it again answers the same', async () => {
    await using rig = await EksRig.withCluster()
    await rig.createNodeGroup('small')
    await rig.reportNodeGroup('small', { phase: 'ACTIVE' })
    for (const request of [REMOVE, { path: `${PATH}/small` }, REMOVE]) {
      expect(await rig.send(request)).toMatchObject({ status: 200, body: { nodegroup: { status: 'DELETING' } } })
    }
    expect((await rig.createNodeGroup('small')).fault).toBe('ResourceInUseException')
    await rig.reportNodeGroup('small', { phase: 'DELETE_FAILED' })
    const name = 'web.small'
    await rig.home
      .client()
      .mergePatch(NODE_GROUPS, { namespace: NAMESPACE, name, patch: { metadata: { finalizers: [] } } })
    await expect.poll(async () => (await rig.send({ path: `${PATH}/small` })).status).toBe(404)
    expect(await rig.send(REMOVE)).toMatchObject({ status: 404, fault: 'ResourceNotFoundException' })
    expect((await rig.createNodeGroup('small')).status).toBe(200)
  })

  it('when no keeper has taken it over yet, it is gone at once', async () => {
    await using rig = await EksRig.withCluster()
    await rig.createNodeGroup('small')
    rig.home.muteWatches(true)
    expect(await rig.send(REMOVE)).toMatchObject({ status: 200, body: { nodegroup: { status: 'DELETING' } } })
    expect((await rig.send({ path: PATH })).body).toEqual({ nodegroups: [] })
  })

  it('when its cluster is gone all the same, upkeep deletes it and leaves others alone', async () => {
    await using rig = await EksRig.withCluster()
    await rig.createNodeGroup('small')
    const client = rig.home.client()
    const direct = { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'NodeGroup', metadata: { name: 'coming.small' } }
    await client.create(NODE_GROUPS, {
      ...direct,
      metadata: { ...direct.metadata, namespace: NAMESPACE },
      spec: { ...rig.nodeGroup('small')?.spec, clusterName: 'coming' },
    } as never)
    await rig.runUpkeep()
    expect(rig.nodeGroup('small')).toBeDefined()
    await rig.report('web', { phase: 'ACTIVE', network: 'private' }, [])
    await client.delete(
      { group: 'evenkeel.dev', version: 'v1alpha1', plural: 'clusters', namespaced: true },
      { namespace: NAMESPACE, name: 'web' },
    )
    await rig.runUpkeep()
    expect(rig.home.objects(NODE_GROUPS, NAMESPACE).map(({ metadata }) => metadata.name)).toEqual(['coming.small'])
  })
})
