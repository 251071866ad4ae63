import { CLUSTERS } from '@evenkeel/contract/kinds'
import { describe, expect, it } from 'vitest'
import { EksRig, NAMESPACE } from '../testing/eks-rig.ts'

const DELETE = { method: 'DELETE', path: '/clusters/web' }

describe('DeleteCluster', () => {
  it('when a keeper holds the cluster, it is DELETING until it is gone, and deleting it again answers the same', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    await rig.report('web', { phase: 'ACTIVE' })
    expect(await rig.send(DELETE)).toMatchObject({
      status: 200,
      body: { cluster: { name: 'web', status: 'DELETING' } },
    })
    expect(await rig.send({ path: '/clusters/web' })).toMatchObject({ body: { cluster: { status: 'DELETING' } } })
    expect(await rig.send(DELETE)).toMatchObject({ status: 200, body: { cluster: { status: 'DELETING' } } })
    await rig.home
      .client()
      .mergePatch(CLUSTERS, { namespace: NAMESPACE, name: 'web', patch: { metadata: { finalizers: [] } } })
    await expect.poll(async () => (await rig.send({ path: '/clusters/web' })).status).toBe(404)
    expect((await rig.send({ path: '/clusters' })).body).toEqual({ clusters: [] })
  })

  it('when no keeper has taken the cluster over yet, it is gone at once, and its name is free', async () => {
    await using rig = await EksRig.start()
    await rig.create('web', { clientRequestToken: 't' })
    rig.home.muteWatches(true)
    expect(await rig.send(DELETE)).toMatchObject({ status: 200, body: { cluster: { status: 'DELETING' } } })
    expect((await rig.send({ path: '/clusters/web' })).status).toBe(404)
    expect((await rig.send({ path: '/clusters' })).body).toEqual({ clusters: [] })
    expect((await rig.create('web')).status).toBe(200)
    expect((await rig.send({ path: '/clusters' })).body).toEqual({ clusters: ['web'] })
  })

  it('when it has node groups, it is refused as EKS does, and names them, until they are gone', async () => {
    await using rig = await EksRig.withCluster()
    await rig.createNodeGroup('small')
    await rig.createNodeGroup('large')
    const refused = await rig.send(DELETE)
    expect(refused).toMatchObject({ status: 409, fault: 'ResourceInUseException', body: { clusterName: 'web' } })
    expect(refused.body['message']).toMatch(/Cluster has nodegroups attached: .*"web" first \(large, small\)/)
    for (const name of ['small', 'large']) {
      await rig.send({ method: 'DELETE', path: `/clusters/web/node-groups/${name}` })
    }
    expect(await rig.send(DELETE)).toMatchObject({ status: 200, body: { cluster: { status: 'DELETING' } } })
  })

  it('when the cluster is unknown, it says so', async () => {
    await using rig = await EksRig.start()
    expect(await rig.send(DELETE)).toMatchObject({ status: 404, fault: 'ResourceNotFoundException' })
    expect(rig.home.writes).toEqual([])
  })

  it.each(['ACTIVE', 'UPDATING'] as const)('when the cluster is protected and %s, it is refused', async (phase) => {
    await using rig = await EksRig.start()
    await rig.create('web', { deletionProtection: true })
    await rig.report('web', { phase })
    const answer = await rig.send(DELETE)
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidRequestException', body: { clusterName: 'web' } })
    expect(answer.body['message']).toContain('deletion protection')
    expect(rig.cluster('web')?.metadata.deletionTimestamp).toBeUndefined()
  })

  it.each(['CREATING', 'FAILED'] as const)(
    'when the cluster is protected and %s, it is deleted all the same',
    async (phase) => {
      await using rig = await EksRig.start()
      await rig.create('web', { deletionProtection: true })
      await rig.report('web', { phase })
      expect((await rig.send(DELETE)).status).toBe(200)
    },
  )

  it('when protection was turned on behind our back, it is refused', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    await rig.report('web', { phase: 'ACTIVE' })
    rig.home.muteWatches(true)
    await rig.home
      .client()
      .mergePatch(CLUSTERS, { namespace: NAMESPACE, name: 'web', patch: { spec: { deletionProtection: true } } })
    expect(await rig.send(DELETE)).toMatchObject({ status: 400, fault: 'InvalidRequestException' })
    expect(rig.cluster('web')?.metadata.deletionTimestamp).toBeUndefined()
  })
})
