import {
  CLUSTERS,
  type Cluster,
  KEEPER_FINALIZER,
  NODE_GROUPS,
  type NodeGroup,
  nodeGroupObjectName,
} from '@evenkeel/contract/kinds'
import { releases } from '@evenkeel/distribution/releases'
import type { KubeClient } from '@evenkeel/kernel'
import { waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HARNESS_TIMEOUT_MS } from '../testing/home-harness.ts'
import { InstalledHome, refusal } from '../testing/installed-home.ts'

const namespace = InstalledHome.namespace
const { asAdmin } = InstalledHome

let home: InstalledHome
let owner: KubeClient
let service: KubeClient
let keeper: KubeClient

function cluster(name: string, spec: object = {}): Cluster {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name, namespace },
    spec: { eksName: name, version: '1.37', ...spec },
  }
}

/** With the least that there is. */
function nodeGroup(name: string, spec: object = {}, metadata: object = {}): NodeGroup {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'NodeGroup',
    metadata: { name: nodeGroupObjectName('nodes', name), namespace, ...metadata },
    spec: { clusterName: 'nodes', nodegroupName: name, version: '1.37', ...spec },
  } as NodeGroup
}

const report = (name: string, status: object) =>
  keeper.mergePatch(CLUSTERS, { namespace, name, subresource: 'status', patch: { status } })
const path = (plural: string) => `/apis/evenkeel.dev/v1alpha1/namespaces/${namespace}/${plural}`
const tryOut = (wish: NodeGroup) =>
  owner.request(path('nodegroups'), { method: 'POST', query: { dryRun: 'All' }, body: wish })
const tryToDelete = (name: string) =>
  owner.request(`${path('clusters')}/${name}`, { method: 'DELETE', query: { dryRun: 'All' } })
const bundles = releases().flatMap((release) => release.nodeBundles.map(({ releaseVersion }) => releaseVersion))
const newest = bundles.findLast((bundle) => bundle.startsWith('1.37.'))

beforeAll(async () => {
  home = await InstalledHome.start()
  owner = home.owner
  service = home.service
  keeper = home.keeper

  for (const [name, version, network] of [
    ['nodes', '1.37', 'private'],
    ['older', '1.36', 'private'],
    ['alone', '1.37', 'loopback'],
  ] as const) {
    await owner.create(CLUSTERS, cluster(name, { version }))
    await report(name, { phase: 'ACTIVE', network })
  }
}, HARNESS_TIMEOUT_MS)

afterAll(async () => {
  await home?.stop()
})

describe('node groups at a home', { timeout: 60_000 }, () => {
  it('when one is applied with the least that there is, everything else is written for it', async () => {
    const made = await owner.apply(NODE_GROUPS, nodeGroup('least'), { fieldManager: 'kubectl' })
    expect(made.metadata).toMatchObject({ name: 'nodes.least', finalizers: [KEEPER_FINALIZER] })
    expect(made.spec).toEqual({
      clusterName: 'nodes',
      nodegroupName: 'least',
      version: '1.37',
      releaseVersion: newest,
      scalingConfig: { minSize: 1, maxSize: 2, desiredSize: 2 },
      instanceTypes: ['t3.medium'],
      diskSize: 20,
      capacityType: 'ON_DEMAND',
      labels: {},
      taints: [],
      updateConfig: { maxUnavailable: 1, updateStrategy: 'DEFAULT' },
      nodeRepairConfig: { enabled: false },
      updatePaused: false,
      creator: 'kubernetes-admin',
    })
    const again = await owner.apply(NODE_GROUPS, nodeGroup('least'), { fieldManager: 'kubectl' })
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
  })

  it.each([
    ['no bundle of ours', { releaseVersion: '1.37.0-20200101' }, /releaseVersion must be one of .*, not 1\.37\.0-2020/],
    ['a bundle of another version', { releaseVersion: bundles[0] }, /releaseVersion must be one of version/],
    ['more nodes than may be', { scalingConfig: { minSize: 0, maxSize: 451, desiredSize: 0 } }, /maxSize.*450/],
    ['too few nodes', { scalingConfig: { minSize: 2, maxSize: 3, desiredSize: 1 } }, /desiredSize must be from/],
    ['bounds in the wrong order', { scalingConfig: { minSize: 3, maxSize: 2, desiredSize: 2 } }, /minSize must not be/],
    ['an unknown size', { instanceTypes: ['t3.medium', 'm5.huge'] }, /they must be of t3\.nano, .*r5\.4xlarge/],
    ['no size', { instanceTypes: [] }, /at least 1 items/],
    ['two budgets', { updateConfig: { maxUnavailable: 1, maxUnavailablePercentage: 1 } }, /one of maxUnavailable and/],
    ['no budget', { updateConfig: { updateStrategy: 'MINIMAL' } }, /one of maxUnavailable and/],
    [
      'two thresholds',
      { nodeRepairConfig: { maxUnhealthyNodeThresholdCount: 1, maxUnhealthyNodeThresholdPercentage: 1 } },
      /must not both be given/,
    ],
    ['a label that is none', { labels: { 'a b': 'c' } }, /what Kubernetes takes as those of labels/],
    ['a value that is none', { labels: { a: '-' } }, /what Kubernetes takes as those of labels/],
    ["a label of Kubernetes'", { labels: { 'node.kubernetes.io/instance-type': 'x' } }, /given by Evenkeel and Kub/],
    ["a label of Evenkeel's", { labels: { 'eks.amazonaws.com/nodegroup': 'x' } }, /given by Evenkeel and Kub/],
    [
      'a taint twice',
      { taints: ['x', 'y'].map((value) => ({ key: 'a', value, effect: 'NO_EXECUTE' })) },
      /no two may have the same key and effect/,
    ],
    ['an effect that is none', { taints: [{ key: 'a', effect: 'NoExecute' }] }, /effect.*Unsupported value/],
    ['a role that is none', { nodeRole: 'me' }, /must be the ARN of an IAM role/],
    ['a subnet that is none', { subnets: ['sg-1'] }, /begin with subnet-/],
    ['a name that EKS does not take', { nodegroupName: 'a.b' }, /nodegroupName.*should match/],
  ])('when one has %s, it is refused with the reason', async (_what, spec, reason) => {
    const said = await refusal(owner.create(NODE_GROUPS, nodeGroup('bad', spec, { name: 'nodes.bad' })))
    expect(said).toMatch(/^422 /)
    expect(said).toMatch(reason)
  })

  it('when the object name is not the one of its names, it is refused, and derived ones are for the EKS API', async () => {
    const named = (name: string, metadata: object = {}) =>
      refusal(owner.create(NODE_GROUPS, nodeGroup(name, {}, metadata)))
    expect(await named('web', { name: 'web' })).toMatch(/422 .*metadata.name must be/)
    expect(await named('Web')).toMatch(/403 .*made through the EKS API/)
    expect(await named('web', { namespace: 'default' })).toMatch(/default is no account/)
    const made = await service.create(NODE_GROUPS, nodeGroup('Web'), asAdmin)
    expect(made.metadata.name).toMatch(/^x-/)
  })

  it.each([
    [{ clusterName: 'other' }, /clusterName cannot be changed/],
    [{ nodegroupName: 'other' }, /nodegroupName cannot be changed/],
    [{ instanceTypes: ['t3.large'] }, /instanceTypes cannot be changed/],
    [{ diskSize: 30 }, /diskSize cannot be changed/],
    [{ capacityType: 'SPOT' }, /capacityType cannot be changed/],
    [{ creator: 'me' }, /creator cannot be changed/],
    [{ version: '1.36' }, /releaseVersion must be one of version/],
    [{ releaseVersion: '1.37.9-20301231' }, /releaseVersion must be one of/],
    [{ scalingConfig: { desiredSize: 3 } }, /desiredSize must be from/],
  ])('when %j is written later, it is refused', async (spec, reason) => {
    await owner.apply(NODE_GROUPS, nodeGroup('fixed'), { fieldManager: 'test' })
    const options = { namespace, name: 'nodes.fixed', patch: { spec } }
    expect(await refusal(owner.mergePatch(NODE_GROUPS, options))).toMatch(reason)
  })

  it('when settings and version are changed within bounds, it is taken', async () => {
    await owner.apply(NODE_GROUPS, nodeGroup('changing'), { fieldManager: 'test' })
    const spec = {
      version: '1.36',
      releaseVersion: bundles.findLast((bundle) => bundle.startsWith('1.36.')),
      scalingConfig: { desiredSize: 1 },
      labels: { team: 'a' },
      taints: [{ key: 'a', value: '', effect: 'NO_SCHEDULE' }],
      updateConfig: { maxUnavailable: null, maxUnavailablePercentage: 50 },
      updatePaused: true,
      lastVersionUpdate: { id: '11111111-1111-4111-8111-111111111111' },
    }
    const options = { namespace, name: 'nodes.changing', patch: { spec } }
    const changed = await owner.mergePatch<NodeGroup>(NODE_GROUPS, options)
    expect(changed.spec).toMatchObject({
      version: '1.36',
      updateConfig: { maxUnavailablePercentage: 50, updateStrategy: 'DEFAULT' },
      lastVersionUpdate: { force: false },
    })
  })

  it('when a keeper reports, its status is taken, and its hands are kept off the spec', async () => {
    await owner.apply(NODE_GROUPS, nodeGroup('seen'), { fieldManager: 'test' })
    const node = { name: 'ng-1', zone: 'a', instanceType: 't3.medium', releaseVersion: newest }
    const status = {
      phase: 'ACTIVE',
      releaseVersion: newest,
      readyCount: 1,
      nodes: [{ ...node, state: 'Joined', ready: true, since: '2026-11-25T12:00:00Z' }],
    }
    const place = { namespace, name: 'nodes.seen' }
    await keeper.mergePatch(NODE_GROUPS, { ...place, subresource: 'status', patch: { status } })
    const change = keeper.mergePatch(NODE_GROUPS, { ...place, patch: { spec: { updatePaused: true } } })
    expect(await refusal(change)).toMatch(/403 .*do not change it/)
    const printed = await home.kubectl('get', 'ng', '-n', namespace, '--field-selector', 'spec.nodegroupName=seen')
    const [head, ...rows] = printed.trim().split('\n')
    expect(head?.split(/ {2,}/)).toEqual([
      'NAME',
      'CLUSTER',
      'NODE GROUP',
      'RELEASE',
      'DESIRED',
      'READY',
      'PHASE',
      'AGE',
    ])
    expect(rows).toEqual([expect.stringMatching(/^nodes\.seen +nodes +seen +1\.37\.\S+ +2 +1 +ACTIVE +\d+s$/)])
  })
})

describe('node groups at a home that knows the kinds of its policies', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    const any = nodeGroup('any', { clusterName: 'alone' }, { name: 'alone.any' })
    const what = 'the policy to know the clusters'
    await waitFor(async () => (await refusal(tryOut(any))).startsWith('422'), { what, deadlineMs: 60_000 })
  }, 90_000)

  it('when one is newer than its cluster, or far older, it is refused', async () => {
    const on = (clusterName: string) => nodeGroup('bad', { clusterName }, { name: `${clusterName}.bad` })
    expect(await refusal(owner.create(NODE_GROUPS, on('older')))).toMatch(
      /422 .*must be that of cluster older, 1\.36, or up to three minors older, not 1\.37/,
    )
  })

  it('when its cluster has no network for nodes, it is refused, and one whose cluster is still to come is taken', async () => {
    const on = (clusterName: string) => nodeGroup('any', { clusterName }, { name: `${clusterName}.any` })
    expect(await refusal(owner.create(NODE_GROUPS, on('alone')))).toMatch(
      /422 .*alone has no network of its own that nodes could live in/,
    )
    await owner.create(NODE_GROUPS, on('coming'))
  })

  it('when its cluster is deleted before it, that is refused until it is gone, and so is letting it go', async () => {
    await owner.create(CLUSTERS, cluster('crowded'))
    await owner.create(NODE_GROUPS, nodeGroup('last', { clusterName: 'crowded' }, { name: 'crowded.last' }))
    const place = { namespace, name: 'crowded.last' }
    await expect.poll(() => refusal(tryToDelete('crowded'))).toMatch(/403/)
    expect(await refusal(service.delete(CLUSTERS, { namespace, name: 'crowded', ...asAdmin }))).toMatch(
      /403 .*crowded has node groups: delete last first/,
    )
    const patch = { metadata: { finalizers: null } }
    const taken = service.mergePatch(NODE_GROUPS, { ...place, patch, ...asAdmin })
    expect(await refusal(taken)).toMatch(/403 .*removed by keepers alone/)
    await service.delete(NODE_GROUPS, { ...place, ...asAdmin })
    await keeper.mergePatch(NODE_GROUPS, { ...place, patch })
    await expect.poll(() => refusal(tryToDelete('crowded'))).toMatch(/no refusal/)
    await service.delete(CLUSTERS, { namespace, name: 'crowded', ...asAdmin })
    const late = nodeGroup('late', { clusterName: 'crowded' }, { name: 'crowded.late' })
    await expect.poll(() => refusal(tryOut(late))).toMatch(/422 .*crowded is being deleted/)
  })
})
