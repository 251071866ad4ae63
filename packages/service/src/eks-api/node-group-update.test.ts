import { NODE_GROUPS, type NodeGroupStatus } from '@evenkeel/contract/kinds'
import { describe, expect, it } from 'vitest'
import { EksRig, NAMESPACE } from '../testing/eks-rig.ts'

const GROUP = '/clusters/web/node-groups/small'
const CONFIG = `${GROUP}/update-config`
const VERSION = `${GROUP}/update-version`
const UPDATES_PATH = '/clusters/web/updates'

async function withNodeGroup(
  members: Record<string, unknown> = {},
  status: NodeGroupStatus = { phase: 'ACTIVE' },
): Promise<EksRig> {
  const rig = await EksRig.withCluster()
  await rig.createNodeGroup('small', members)
  await rig.reportNodeGroup('small', status)
  return rig
}

function updateOf(answer: { readonly body: Readonly<Record<string, unknown>> }) {
  return answer.body['update'] as { id: string; params: { type: string; value: string }[] }
}

/** What EKS calls its changes, with values that are JSON parsed. */
function paramsOf(answer: { readonly body: Readonly<Record<string, unknown>> }): Record<string, unknown> {
  return Object.fromEntries(updateOf(answer).params.map(({ type, value }) => [type, value]))
}

describe('UpdateNodegroupConfig', () => {
  it('when a size changes, the spec changes and an update can be followed by the name of the node group', async () => {
    await using rig = await withNodeGroup()
    const answer = await rig.post(CONFIG, { scalingConfig: { maxSize: 4, desiredSize: 3 } })
    expect(answer).toMatchObject({
      status: 200,
      body: { update: { status: 'InProgress', type: 'ConfigUpdate', createdAt: expect.any(Number), errors: [] } },
    })
    expect(paramsOf(answer)).toEqual({ MaxSize: '4', DesiredSize: '3' })
    const { id } = updateOf(answer)
    expect(rig.nodeGroup('small')?.spec).toMatchObject({
      scalingConfig: { minSize: 1, maxSize: 4, desiredSize: 3 },
      lastConfigUpdate: { id },
    })
    expect(rig.updates()).toMatchObject([
      {
        metadata: { name: id, ownerReferences: [{ kind: 'NodeGroup', name: 'web.small' }] },
        spec: { clusterName: 'web', nodegroupName: 'small' },
      },
    ])
    const ofGroup = `${UPDATES_PATH}?nodegroupName=small`
    expect((await rig.send({ path: ofGroup })).body).toEqual({ updateIds: [id] })
    expect((await rig.send({ path: UPDATES_PATH })).body).toEqual({ updateIds: [] })
    expect((await rig.send({ path: `${UPDATES_PATH}/${id}` })).fault).toBe('ResourceNotFoundException')
    await rig.finishUpdate(id, {
      phase: 'Failed',
      errors: [{ errorCode: 'NodeCreationFailure', errorMessage: 'why', resourceIds: ['ng-1'] }],
    })
    await expect
      .poll(async () => (await rig.send({ path: `${UPDATES_PATH}/${id}?nodegroupName=small` })).body)
      .toMatchObject({
        update: { status: 'Failed', errors: [{ errorCode: 'NodeCreationFailure', errorMessage: 'why' }] },
      })
  })

  it('when labels and taints come and go, the others stay', async () => {
    await using rig = await withNodeGroup({
      labels: { a: '1', b: '2', c: '3' },
      taints: [
        { key: 'x', value: '1', effect: 'NO_SCHEDULE' },
        { key: 'y', value: '1', effect: 'NO_EXECUTE' },
      ],
    })
    const answer = await rig.post(CONFIG, {
      labels: { addOrUpdateLabels: { b: 'two', d: '4' }, removeLabels: ['c', 'none'] },
      taints: {
        addOrUpdateTaints: [
          { key: 'x', value: '2', effect: 'NO_SCHEDULE' },
          { key: 'x', effect: 'NO_EXECUTE' },
        ],
        removeTaints: [{ key: 'y', effect: 'NO_EXECUTE' }],
      },
    })
    expect(answer.status).toBe(200)
    const taints = [
      { key: 'x', value: '2', effect: 'NO_SCHEDULE' },
      { key: 'x', effect: 'NO_EXECUTE' },
    ]
    expect(rig.nodeGroup('small')?.spec).toMatchObject({ taints })
    expect(rig.nodeGroup('small')?.spec.labels).toEqual({ a: '1', b: 'two', d: '4' })
    expect(paramsOf(answer)).toEqual({
      LabelsToAdd: '{"b":"two","d":"4"}',
      LabelsToRemove: '["c"]',
      TaintsToAdd: JSON.stringify(taints),
      TaintsToRemove: '[{"key":"y","value":"1","effect":"NO_EXECUTE"}]',
    })
  })

  it('when a percentage takes the place of a count, the count goes, and the strategy stays', async () => {
    await using rig = await withNodeGroup({
      updateConfig: { maxUnavailable: 2, updateStrategy: 'MINIMAL' },
      nodeRepairConfig: { enabled: true, maxUnhealthyNodeThresholdCount: 1, maxParallelNodesRepairedCount: 1 },
    })
    await rig.post(CONFIG, {
      updateConfig: { maxUnavailablePercentage: 30 },
      nodeRepairConfig: { maxUnhealthyNodeThresholdPercentage: 20 },
    })
    const { updateConfig, nodeRepairConfig } = rig.nodeGroup('small')?.spec ?? expect.unreachable()
    expect(updateConfig).toEqual({ maxUnavailablePercentage: 30, updateStrategy: 'MINIMAL' })
    expect(nodeRepairConfig).toEqual({
      enabled: true,
      maxUnhealthyNodeThresholdPercentage: 20,
      maxParallelNodesRepairedCount: 1,
    })
  })

  it('when the same call comes again, it is answered with the first update', async () => {
    await using rig = await withNodeGroup()
    const body = { scalingConfig: { desiredSize: 1 }, clientRequestToken: 't' }
    const first = updateOf(await rig.post(CONFIG, body))
    expect(updateOf(await rig.post(CONFIG, body)).id).toBe(first.id)
    await rig.finishUpdate(first.id, { phase: 'Successful' })
    expect(updateOf(await rig.post(CONFIG, body)).id).toBe(first.id)
    expect(rig.updates()).toHaveLength(1)
    expect(await rig.post(CONFIG, { ...body, scalingConfig: { desiredSize: 2 } })).toMatchObject({
      status: 400,
      fault: 'InvalidParameterException',
    })
  })

  it('when an update is in progress, another one of either kind is refused until it is done', async () => {
    await using rig = await withNodeGroup({ version: '1.35' })
    const first = updateOf(await rig.post(CONFIG, { scalingConfig: { desiredSize: 1 } }))
    for (const [path, body] of [
      [CONFIG, { scalingConfig: { desiredSize: 2 } }],
      [VERSION, {}],
    ] as const) {
      const refused = await rig.post(path, body)
      expect(refused).toMatchObject({
        status: 409,
        fault: 'ResourceInUseException',
        body: { clusterName: 'web', nodegroupName: 'small' },
      })
      expect(refused.body['message']).toMatch(
        new RegExp(`"small" of cluster "web" has an update in progress, ${first.id}`),
      )
    }
    await rig.finishUpdate(first.id, { phase: 'Successful' })
    await expect.poll(async () => (await rig.post(VERSION, {})).status).toBe(200)
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['nothing', {}, /is already as wanted: give scalingConfig/],
    ['what it is already', { scalingConfig: { desiredSize: 2 }, labels: { removeLabels: ['x'] } }, /already as wanted/],
    [
      'more than its largest size',
      { scalingConfig: { desiredSize: 3 } },
      /desiredSize must be from .*: 3 is not from 1 to 2/,
    ],
    ['a largest size below its size', { scalingConfig: { maxSize: 1 } }, /2 is not from 1 to 1/],
    [
      'a label both ways',
      { labels: { addOrUpdateLabels: { a: 'b' }, removeLabels: ['a'] } },
      /not both add and remove "a"/,
    ],
    [
      'a label that is none',
      { labels: { addOrUpdateLabels: { 'a b': 'c' } } },
      /labels.addOrUpdateLabels must have keys/,
    ],
    [
      'a taint both ways',
      {
        taints: {
          addOrUpdateTaints: [{ key: 'a', effect: 'NO_EXECUTE' }],
          removeTaints: [{ key: 'a', effect: 'NO_EXECUTE' }],
        },
      },
      /not both add and remove a with NO_EXECUTE/,
    ],
    [
      'a taint without effect',
      { taints: { removeTaints: [{ key: 'a' }] } },
      /removeTaints\[0\] must have key and effect/,
    ],
    ['two budgets', { updateConfig: { maxUnavailable: 1, maxUnavailablePercentage: 5 } }, /must not have both/],
    ['a warm pool', { warmPoolConfig: {} }, /warmPoolConfig is not offered/],
    [
      'too many labels',
      { labels: { addOrUpdateLabels: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) } },
      /labels must be at most 50, not 51/,
    ],
  ])('when it is given %s, it says so and changes nothing', async (_what, body, message) => {
    await using rig = await withNodeGroup()
    const answer = await rig.post(CONFIG, body)
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(answer.body['message']).toMatch(message)
    expect(rig.updates()).toEqual([])
  })

  it.each([
    ['CREATING', 409, 'ResourceInUseException'],
    ['UPDATING', 409, 'ResourceInUseException'],
    ['CREATE_FAILED', 400, 'InvalidRequestException'],
    ['DEGRADED', 200, undefined],
  ] as const)('when the node group is %s, it is answered %i', async (phase, status, fault) => {
    await using rig = await withNodeGroup({}, { phase })
    expect(await rig.post(CONFIG, { scalingConfig: { desiredSize: 1 } })).toMatchObject({ status, fault })
  })

  it('when it cannot become what an update asks for, another one is taken', async () => {
    await using rig = await withNodeGroup()
    await rig.post(CONFIG, { scalingConfig: { maxSize: 400, desiredSize: 400 } })
    await rig.reportNodeGroup('small', { phase: 'DEGRADED' })
    const second = await rig.post(CONFIG, { scalingConfig: { desiredSize: 1 } })
    expect(second.status).toBe(200)
    expect(rig.nodeGroup('small')?.spec.lastConfigUpdate).toEqual({ id: updateOf(second).id })
  })

  it('when the node group is being deleted, it is refused', async () => {
    await using rig = await withNodeGroup()
    await rig.send({ method: 'DELETE', path: GROUP })
    expect((await rig.post(CONFIG, { scalingConfig: { desiredSize: 1 } })).fault).toBe('ResourceInUseException')
  })
})

describe('UpdateNodegroupVersion', () => {
  it('when nothing is given, the nodes are to have what the cluster has', async () => {
    await using rig = await withNodeGroup({ version: '1.35' }, { phase: 'ACTIVE', releaseVersion: '1.35.2-20261125' })
    const answer = await rig.post(VERSION, { force: true })
    expect(answer).toMatchObject({ status: 200, body: { update: { type: 'VersionUpdate' } } })
    expect(paramsOf(answer)).toEqual({ Version: '1.36', ReleaseVersion: '1.36.2-20261125' })
    expect(rig.nodeGroup('small')?.spec).toMatchObject({
      version: '1.36',
      releaseVersion: '1.36.2-20261125',
      lastVersionUpdate: { id: updateOf(answer).id, force: true },
    })
    const { body } = await rig.send({ path: GROUP })
    expect(body).toMatchObject({ nodegroup: { releaseVersion: '1.35.2-20261125' } })
  })

  it('when an older version is given that the cluster takes, the nodes go back to it', async () => {
    await using rig = await withNodeGroup()
    expect((await rig.post(VERSION, { version: '1.35' })).status).toBe(200)
    expect(rig.nodeGroup('small')?.spec).toMatchObject({ version: '1.35', lastVersionUpdate: { force: false } })
  })

  it('when the nodes have it already, it says so, and after a failure the same is tried again', async () => {
    await using rig = await withNodeGroup({}, { phase: 'ACTIVE', releaseVersion: '1.36.2-20261125' })
    const refused = await rig.post(VERSION, {})
    expect(refused).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(refused.body['message']).toMatch(/already as wanted: its release version is 1\.36\.2-20261125/)
    await rig.reportNodeGroup('small', { phase: 'DEGRADED', version: '1.35', releaseVersion: '1.35.2-20261125' })
    expect((await rig.post(VERSION, {})).status).toBe(200)
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a version newer than the cluster', { version: '1.37' }, /must not be newer than their cluster/],
    ['an unknown bundle', { releaseVersion: '1.36.2-20200101' }, /releaseVersion must be one of 1\.36\.2-20261125/],
    ['a launch template', { launchTemplate: { name: 'x' } }, /launchTemplate is not offered/],
  ])('when it is given %s, it says so and changes nothing', async (_what, body, message) => {
    await using rig = await withNodeGroup()
    const answer = await rig.post(VERSION, body)
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(answer.body['message']).toMatch(message)
    expect(rig.updates()).toEqual([])
  })

  it('when the cluster is not ACTIVE, it is refused', async () => {
    await using rig = await withNodeGroup({ version: '1.35' })
    await rig.report('web', { phase: 'UPDATING', network: 'private' })
    expect((await rig.post(VERSION, {})).fault).toBe('InvalidRequestException')
  })

  it('when the service dies before the object of the update is made, upkeep makes it', async () => {
    await using rig = await withNodeGroup()
    const accepted = {
      id: 'ab12cd34-0000-8000-a000-000000000000',
      acceptedAt: '2026-11-24T00:00:00.000Z',
      spec: { clusterName: 'web', nodegroupName: 'small', type: 'VersionUpdate', params: [] },
    }
    const annotations = { 'evenkeel.dev/accepted-update': JSON.stringify(accepted) }
    const patch = { metadata: { annotations } }
    await rig.home.client().mergePatch(NODE_GROUPS, { namespace: NAMESPACE, name: 'web.small', patch })
    await rig.runUpkeep()
    expect(rig.updates()).toMatchObject([
      { metadata: { name: accepted.id, ownerReferences: [{ kind: 'NodeGroup' }] }, spec: accepted.spec },
    ])
    const isShown = async () => (await rig.send({ path: `${UPDATES_PATH}/${accepted.id}?nodegroupName=small` })).status
    await expect.poll(isShown).toBe(200)
    await rig.reportNodeGroup('small', { phase: 'ACTIVE' }, [])
    await rig.send({ method: 'DELETE', path: GROUP })
    await rig.runUpkeep()
    expect(rig.updates()).toEqual([])
  })
})
