import { CLUSTERS } from '@evenkeel/contract/kinds'
import { describe, expect, it } from 'vitest'
import { EksRig, NAMESPACE } from '../testing/eks-rig.ts'

const PATH = '/clusters/web/update-config'

async function withActiveCluster(members: Record<string, unknown> = {}): Promise<EksRig> {
  const rig = await EksRig.start()
  await rig.create('web', members)
  await rig.report('web', { phase: 'ACTIVE' })
  return rig
}

function idOf(answer: { readonly body: Readonly<Record<string, unknown>> }): string {
  return (answer.body['update'] as { id: string }).id
}

describe('UpdateClusterConfig', () => {
  it('when protection is turned on, the spec changes and an update can be followed', async () => {
    await using rig = await withActiveCluster()
    const answer = await rig.post(PATH, { deletionProtection: true })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        update: {
          id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          status: 'InProgress',
          type: 'DeletionProtectionUpdate',
          params: [{ type: 'DeletionProtection', value: 'true' }],
          createdAt: expect.any(Number),
          errors: [],
        },
      },
    })
    expect(rig.cluster('web')?.spec.deletionProtection).toBe(true)
    const id = idOf(answer)
    expect((await rig.send({ path: '/clusters/web/updates' })).body).toEqual({ updateIds: [id] })
    await rig.finishUpdate(id, { phase: 'Successful' })
    await expect
      .poll(async () => (await rig.send({ path: `/clusters/web/updates/${id}` })).body)
      .toMatchObject({ update: { id, status: 'Successful' } })
  })

  it('when the policy changes, it is an update of its own kind', async () => {
    await using rig = await withActiveCluster()
    expect(await rig.post(PATH, { upgradePolicy: { supportType: 'STANDARD' } })).toMatchObject({
      body: {
        update: {
          type: 'UpgradePolicyUpdate',
          params: [{ type: 'UpgradePolicy', value: '{"supportType":"STANDARD"}' }],
        },
      },
    })
    expect(rig.cluster('web')?.spec.upgradePolicy).toEqual({ supportType: 'STANDARD' })
  })

  it('when the same call comes again, it is answered with the first update', async () => {
    await using rig = await withActiveCluster()
    const body = { deletionProtection: true, clientRequestToken: 't' }
    const first = await rig.post(PATH, body)
    const again = await rig.post(PATH, body)
    expect(idOf(again)).toBe(idOf(first))
    await rig.finishUpdate(idOf(first), { phase: 'Successful' })
    expect(idOf(await rig.post(PATH, body))).toBe(idOf(first))
    expect(rig.updates()).toHaveLength(1)
    expect(await rig.post(PATH, { deletionProtection: false, clientRequestToken: 't' })).toMatchObject({
      status: 400,
      fault: 'InvalidParameterException',
    })
  })

  it('when an update is in progress, another one is refused until it is done', async () => {
    await using rig = await withActiveCluster()
    const first = await rig.post(PATH, { deletionProtection: true })
    const refused = await rig.post(PATH, { deletionProtection: false })
    expect(refused).toMatchObject({ status: 409, fault: 'ResourceInUseException', body: { clusterName: 'web' } })
    await rig.finishUpdate(idOf(first), { phase: 'Successful' })
    await expect.poll(async () => (await rig.post(PATH, { deletionProtection: false })).status).toBe(200)
  })

  it('when two calls come at once, one is accepted', async () => {
    await using rig = await withActiveCluster()
    const answers = await Promise.all([
      rig.post(PATH, { deletionProtection: true }),
      rig.post(PATH, { upgradePolicy: { supportType: 'STANDARD' } }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(rig.updates()).toHaveLength(1)
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['nothing', {}, /Nothing to change/],
    [
      'two changes',
      { deletionProtection: true, upgradePolicy: { supportType: 'STANDARD' } },
      /Only one type of update/,
    ],
    ['what it is already', { deletionProtection: false }, /already as wanted: DeletionProtection is false/],
    ['the policy it has', { upgradePolicy: { supportType: 'EXTENDED' } }, /already as wanted/],
    ['logging', { logging: { clusterLogging: [] } }, /logging is not offered yet/],
    ['CIDRs', { resourcesVpcConfig: { publicAccessCidrs: ['10.0.0.0/8'] } }, /resourcesVpcConfig is not offered yet/],
    ['a text for a boolean', { deletionProtection: 'yes' }, /must be true or false/],
  ])('when it is given %s, it says so and changes nothing', async (_what, body, message) => {
    await using rig = await withActiveCluster()
    const answer = await rig.post(PATH, body)
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(answer.body['message']).toMatch(message)
    expect(rig.updates()).toEqual([])
  })

  it.each([
    ['CREATING', 409, 'ResourceInUseException'],
    ['UPDATING', 409, 'ResourceInUseException'],
    ['FAILED', 400, 'InvalidRequestException'],
  ] as const)('when the cluster is %s, it is refused', async (phase, status, fault) => {
    await using rig = await EksRig.start()
    await rig.create('web')
    await rig.report('web', { phase })
    expect(await rig.post(PATH, { deletionProtection: true })).toMatchObject({ status, fault })
  })

  it('when the version is in extended support, STANDARD is refused', async () => {
    await using rig = await withActiveCluster({ version: '1.35' })
    expect(await rig.post(PATH, { upgradePolicy: { supportType: 'STANDARD' } })).toMatchObject({
      status: 400,
      fault: 'InvalidParameterException',
    })
  })
})

describe('an update whose object could not be made', () => {
  it('when the service dies in between, the update shows all the same, and upkeep makes its object', async () => {
    await using rig = await withActiveCluster()
    const home = rig.home.client()
    const accepted = {
      id: 'ab12cd34-0000-8000-a000-000000000000',
      acceptedAt: '2026-11-24T00:00:00.000Z',
      spec: {
        clusterName: 'web',
        type: 'DeletionProtectionUpdate',
        params: [{ type: 'DeletionProtection', value: 'true' }],
      },
    }
    // What the first of the two writes leaves.
    await home.mergePatch(CLUSTERS, {
      namespace: NAMESPACE,
      name: 'web',
      patch: {
        metadata: { annotations: { 'evenkeel.dev/accepted-update': JSON.stringify(accepted) } },
        spec: { deletionProtection: true },
      },
    })
    await expect
      .poll(async () => (await rig.send({ path: `/clusters/web/updates/${accepted.id}` })).body)
      .toMatchObject({ update: { status: 'InProgress', createdAt: Date.parse(accepted.acceptedAt) / 1000 } })
    await rig.runUpkeep()
    expect(rig.updates()).toMatchObject([{ metadata: { name: accepted.id }, spec: accepted.spec }])
  })

  it.each([
    'no JSON',
    'null',
    '[]',
    '{"id":"x"}',
    JSON.stringify({ id: 'ab12cd34-0000-8000-a000-000000000000', acceptedAt: 'never', spec: {} }),
    JSON.stringify({
      id: 'ab12cd34-0000-8000-a000-000000000000',
      acceptedAt: '2026-11-24T00:00:00Z',
      spec: { clusterName: 'web', type: 'VersionUpdate', params: [] },
    }),
  ])('when somebody has written %s where it is kept, it is passed over', async (text) => {
    await using rig = await withActiveCluster()
    const annotations = { 'evenkeel.dev/accepted-update': text }
    await rig.home
      .client()
      .mergePatch(CLUSTERS, { namespace: NAMESPACE, name: 'web', patch: { metadata: { annotations } } })
    await expect.poll(async () => (await rig.post(PATH, { deletionProtection: true })).status).toBe(200)
    expect(rig.updates()).toHaveLength(1)
  })

  it('when a cluster is gone, upkeep removes its updates and leaves the others', async () => {
    await using rig = await withActiveCluster()
    await rig.post(PATH, { deletionProtection: true })
    await rig.create('other')
    await rig.report('other', { phase: 'ACTIVE' })
    await rig.post('/clusters/other/update-config', { deletionProtection: true })
    const home = rig.home.client()
    await home.mergePatch(CLUSTERS, { namespace: NAMESPACE, name: 'web', patch: { metadata: { finalizers: [] } } })
    await home.delete(CLUSTERS, { namespace: NAMESPACE, name: 'web' })
    await rig.runUpkeep()
    expect(rig.updates().map(({ spec }) => spec.clusterName)).toEqual(['other'])
  })

  it('when a cluster is made again under its name, it does not have the updates of the first', async () => {
    await using rig = await withActiveCluster()
    const id = idOf(await rig.post(PATH, { deletionProtection: true }))
    const home = rig.home.client()
    await home.mergePatch(CLUSTERS, { namespace: NAMESPACE, name: 'web', patch: { metadata: { finalizers: [] } } })
    await home.delete(CLUSTERS, { namespace: NAMESPACE, name: 'web' })
    await expect.poll(async () => (await rig.create('web')).status).toBe(200)
    expect((await rig.send({ path: '/clusters/web/updates' })).body).toEqual({ updateIds: [] })
    expect((await rig.send({ path: `/clusters/web/updates/${id}` })).fault).toBe('ResourceNotFoundException')
  })
})

describe('ListUpdates and DescribeUpdate', () => {
  it.each(['nodegroupName', 'addonName', 'capabilityName'])(
    'when asked for those of a %s, there is none',
    async (owner) => {
      await using rig = await withActiveCluster()
      for (const path of [`/clusters/web/updates?${owner}=x`, `/clusters/web/updates/some-id?${owner}=x`]) {
        expect(await rig.send({ path })).toMatchObject({ status: 404, fault: 'ResourceNotFoundException' })
      }
    },
  )

  it('when the cluster or the update is unknown, it says which', async () => {
    await using rig = await withActiveCluster()
    expect((await rig.send({ path: '/clusters/none/updates' })).body['message']).toBe(
      'No cluster found for name: none.',
    )
    expect((await rig.send({ path: '/clusters/none/updates/x' })).body['message']).toBe(
      'No cluster found for name: none.',
    )
    expect((await rig.send({ path: '/clusters/web/updates/x' })).body['message']).toBe('No update found for ID: x')
  })

  it('when there are several, pages hold every one once', async () => {
    await using rig = await withActiveCluster()
    const ids: string[] = []
    for (const deletionProtection of [true, false, true]) {
      const id = idOf(await rig.post(PATH, { deletionProtection }))
      ids.unshift(id)
      await rig.finishUpdate(id, { phase: 'Successful' })
      await expect
        .poll(async () => (await rig.send({ path: `/clusters/web/updates/${id}` })).body)
        .toMatchObject({ update: { status: 'Successful' } })
    }
    const first = (await rig.send({ path: '/clusters/web/updates?maxResults=2' })).body
    expect(first['updateIds']).toHaveLength(2)
    const rest = (await rig.send({ path: `/clusters/web/updates?nextToken=${String(first['nextToken'])}` })).body
    expect([...(first['updateIds'] as string[]), ...(rest['updateIds'] as string[])].sort()).toEqual([...ids].sort())
  })
})
