import { describe, expect, it } from 'vitest'
import { ACCOUNT, EksRig, LEAST_NODE_GROUP_WISH, NAMESPACE, RELEASES } from '../testing/eks-rig.ts'

const ROLE = `arn:aws:iam::${ACCOUNT}:role/nodes`

describe('CreateNodegroup', () => {
  it('when the least is asked for, it answers a node group that is CREATING, with the defaults written out', async () => {
    await using rig = await EksRig.withCluster()
    const answer = await rig.createNodeGroup('small', { clientRequestToken: 'token-1', tags: { team: 'a' } })
    expect(answer).toMatchObject({ status: 200, fault: undefined })
    expect(answer.body['nodegroup']).toEqual({
      nodegroupName: 'small',
      nodegroupArn: expect.stringMatching(
        new RegExp(`^arn:aws:eks:local-1:${ACCOUNT}:nodegroup/web/small/[0-9a-f]{8}-[0-9a-f-]{27}$`),
      ),
      clusterName: 'web',
      version: '1.36',
      releaseVersion: '1.36.2-20261125',
      createdAt: expect.any(Number),
      modifiedAt: expect.any(Number),
      status: 'CREATING',
      capacityType: 'ON_DEMAND',
      scalingConfig: { minSize: 1, maxSize: 2, desiredSize: 2 },
      instanceTypes: ['t3.medium'],
      subnets: ['subnet-1'],
      amiType: 'AL2023_x86_64_STANDARD',
      nodeRole: ROLE,
      labels: {},
      taints: [],
      resources: { autoScalingGroups: [] },
      diskSize: 20,
      health: { issues: [] },
      updateConfig: { maxUnavailable: 1, updateStrategy: 'DEFAULT' },
      nodeRepairConfig: { enabled: false },
      tags: { team: 'a' },
    })
    expect(rig.nodeGroup('small')).toMatchObject({
      metadata: {
        name: 'web.small',
        namespace: NAMESPACE,
        ownerReferences: [{ kind: 'Cluster', name: 'web', uid: rig.cluster('web')?.metadata.uid }],
      },
      spec: { releaseVersion: '1.36.2-20261125', updatePaused: false, clientRequestToken: 'token-1' },
    })
  })

  it('when everything is asked for, everything is kept', async () => {
    await using rig = await EksRig.withCluster()
    const wish = {
      scalingConfig: { minSize: 0, maxSize: 450, desiredSize: 7 },
      instanceTypes: ['m5.xlarge', 't3.large'],
      diskSize: 40,
      version: '1.35',
      labels: { team: 'a', 'example.org/tier': 'web' },
      taints: [
        { key: 'dedicated', value: 'web', effect: 'NO_SCHEDULE' },
        { key: 'dedicated', effect: 'NO_EXECUTE' },
      ],
      updateConfig: { maxUnavailablePercentage: 30, updateStrategy: 'MINIMAL' },
      nodeRepairConfig: {
        enabled: true,
        maxUnhealthyNodeThresholdPercentage: 40,
        maxParallelNodesRepairedCount: 2,
        nodeRepairConfigOverrides: [
          {
            nodeMonitoringCondition: 'Ready',
            nodeUnhealthyReason: 'NodeStatusUnknown',
            minRepairWaitTimeMins: 5,
            repairAction: 'Reboot',
          },
        ],
      },
      capacityType: 'SPOT',
      amiType: 'AL2023_x86_64_STANDARD',
    }
    expect((await rig.createNodeGroup('large', wish)).status).toBe(200)
    const { nodegroup } = (await rig.send({ path: '/clusters/web/node-groups/large' })).body
    expect(nodegroup).toMatchObject({ ...wish, releaseVersion: '1.35.2-20261125' })
  })

  it('when the home is written, it is as the caller, and the node group is found at once', async () => {
    await using rig = await EksRig.withCluster()
    rig.home.muteWatches(true)
    await rig.createNodeGroup('small')
    const write = rig.home.writes.at(-1)
    expect(write?.path).toBe(`/apis/evenkeel.dev/v1alpha1/namespaces/${NAMESPACE}/nodegroups`)
    const headers = write?.rawHeaders.map((one) => one.toLowerCase()) ?? []
    expect(headers[headers.indexOf('impersonate-user') + 1]).toBe(`arn:aws:iam::${ACCOUNT}:user/admin`)
    expect((await rig.send({ path: '/clusters/web/node-groups' })).body).toEqual({ nodegroups: ['small'] })
    expect((await rig.send({ path: '/clusters/web/node-groups/small' })).status).toBe(200)
  })

  it('when names are in use, they are refused; those of other clusters and in other letters are others', async () => {
    await using rig = await EksRig.withCluster()
    await rig.create('other')
    await rig.report('other', { phase: 'ACTIVE', network: 'simulated' })
    await rig.createNodeGroup('small')
    expect(await rig.createNodeGroup('small')).toMatchObject({
      status: 409,
      fault: 'ResourceInUseException',
      body: {
        message: 'NodeGroup already exists with name small and cluster name web',
        clusterName: 'web',
        nodegroupName: 'small',
      },
    })
    const wish = { ...LEAST_NODE_GROUP_WISH, nodegroupName: 'small' }
    expect((await rig.post('/clusters/other/node-groups', wish)).status).toBe(200)
    expect((await rig.createNodeGroup('Small')).status).toBe(200)
    expect((await rig.send({ path: '/clusters/web/node-groups' })).body).toEqual({ nodegroups: ['Small', 'small'] })
  })

  it('when the same call comes again, it is answered with the first node group, and only then', async () => {
    await using rig = await EksRig.withCluster()
    const members = { clientRequestToken: 't', labels: { a: 'b' } }
    const first = await rig.createNodeGroup('small', members)
    expect(await rig.createNodeGroup('small', members)).toMatchObject({ status: 200, body: first.body })
    for (const [name, other] of [
      ['small', { ...members, diskSize: 30 }],
      ['other', members],
    ] as const) {
      const answer = await rig.createNodeGroup(name, other)
      expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
      expect(answer.body['message']).toMatch(/"t" was used before with other parameters/)
    }
    await rig.report('web', { phase: 'UPDATING', network: 'private' })
    expect(await rig.createNodeGroup('small', members)).toMatchObject({ status: 200, body: first.body })
  })

  it('when two calls come at once, there is one node group', async () => {
    await using rig = await EksRig.withCluster()
    const answers = await Promise.all([1, 2, 3].map((diskSize) => rig.createNodeGroup('small', { diskSize })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a version newer than the cluster',
      { version: '1.37' },
      /version must be one of 1\.35, 1\.36, not "1\.37", since nodes must not be newer than their cluster, which has 1\.36/,
    ],
    ['a version far older', { version: '1.32' }, /since nodes must not be more than 3 minors older/],
    ['a version out of support', { version: '1.34' }, /version must be one of 1\.35, 1\.36, not "1\.34"\./],
    ['no version', { version: 'latest' }, /version must be one of 1\.35, 1\.36, not "latest"\./],
    [
      'an unknown bundle',
      { releaseVersion: '1.36.9-20260101' },
      /releaseVersion must be one of 1\.36\.2-20261125 for version 1\.36/,
    ],
    [
      'a bundle of another version',
      { version: '1.36', releaseVersion: '1.35.2-20261125' },
      /for version 1\.36, not "1\.35\.2/,
    ],
    [
      'an unknown size',
      { instanceTypes: ['t3.medium', 'x1.mega'] },
      /instanceTypes must be of t3\.nano, .*, not "x1\.mega"/,
    ],
    ['too many sizes', { instanceTypes: Array.from({ length: 21 }, () => 't3.nano') }, /at most 20 items, not 21/],
    ['no disk', { diskSize: 0 }, /diskSize must be from 1 to 16384 \(GiB\), not 0/],
    ['a negative size', { scalingConfig: { minSize: -1, maxSize: 1, desiredSize: 1 } }, /minSize must be at least 0/],
    [
      'a largest size of zero',
      { scalingConfig: { minSize: 0, maxSize: 0, desiredSize: 0 } },
      /maxSize must be at least 1/,
    ],
    [
      'more than can be',
      { scalingConfig: { minSize: 1, maxSize: 451, desiredSize: 1 } },
      /maxSize must be at most 450, not 451/,
    ],
    [
      'more than its largest size',
      { scalingConfig: { minSize: 1, maxSize: 2, desiredSize: 3 } },
      /desiredSize must be from minSize to maxSize: 3 is not from 1 to 2/,
    ],
    [
      'fewer than its least size',
      { scalingConfig: { minSize: 2, maxSize: 2, desiredSize: 1 } },
      /1 is not from 2 to 2/,
    ],
    [
      'sizes in the wrong order',
      { scalingConfig: { minSize: 3, maxSize: 2, desiredSize: 2 } },
      /minSize must not be more than maxSize/,
    ],
    [
      'two budgets',
      { updateConfig: { maxUnavailable: 1, maxUnavailablePercentage: 1 } },
      /must not have both maxUnavailable and maxUnavailablePercentage/,
    ],
    ['a budget of nothing', { updateConfig: { maxUnavailable: 0 } }, /maxUnavailable must be at least 1/],
    ['a budget of too much', { updateConfig: { maxUnavailable: 101 } }, /maxUnavailable must be at most 100, not 101/],
    [
      'more than all',
      { updateConfig: { maxUnavailablePercentage: 101 } },
      /maxUnavailablePercentage must be at most 100/,
    ],
    [
      'an unknown strategy',
      { updateConfig: { updateStrategy: 'FAST' } },
      /updateStrategy must be one of DEFAULT, MINIMAL/,
    ],
    [
      'two thresholds',
      { nodeRepairConfig: { maxUnhealthyNodeThresholdCount: 1, maxUnhealthyNodeThresholdPercentage: 1 } },
      /must not have both/,
    ],
    [
      'half of an override',
      { nodeRepairConfig: { nodeRepairConfigOverrides: [{ repairAction: 'Reboot' }] } },
      /Overrides\[0\] must have nodeMonitoringCondition, /,
    ],
    ['a label that is none', { labels: { 'a b': 'c' } }, /labels must have keys that are .*, not "a b"/],
    ['a value that is none', { labels: { a: 'b c' } }, /labels must have values that are .*, not "b c"/],
    [
      "a label of Kubernetes'",
      { labels: { 'node.kubernetes.io/x': 'c' } },
      /must not have the key "node\.kubernetes\.io\/x"/,
    ],
    ["a label of Evenkeel's", { labels: { 'eks.amazonaws.com/nodegroup': 'c' } }, /must not have the key/],
    ['a taint without effect', { taints: [{ key: 'a' }] }, /taints\[0\] must have key and effect/],
    ['an effect that is none', { taints: [{ key: 'a', effect: 'NoSchedule' }] }, /effect must be one of/],
    [
      'a taint twice',
      { taints: [1, 2].map((n) => ({ key: 'a', value: `${n}`, effect: 'NO_EXECUTE' })) },
      /taints must not have a with NO_EXECUTE twice/,
    ],
    ['a capacity block', { capacityType: 'CAPACITY_BLOCK' }, /must be ON_DEMAND or SPOT/],
    [
      'another image',
      { amiType: 'BOTTLEROCKET_x86_64' },
      /amiType is not offered, since nodes run the bundle .*: leave it out, or say AL2023_x86_64_STANDARD/,
    ],
    [
      'a launch template',
      { launchTemplate: { name: 'x' } },
      /launchTemplate is not offered, since nodes are no instances of EC2: leave it out/,
    ],
    [
      'remote access',
      { remoteAccess: { ec2SshKey: 'x' } },
      /remoteAccess is not offered, since nodes run no SSH server/,
    ],
    ['a warm pool', { warmPoolConfig: { minSize: 1 } }, /warmPoolConfig is not offered/],
    ['a role that is none', { nodeRole: 'me' }, /nodeRole must be the ARN of an IAM role/],
    ['a subnet that is none', { subnets: ['sg-1'] }, /subnets must be ids that begin with subnet-/],
    ['a reserved tag', { tags: { 'aws:x': 'y' } }, /begins with "aws:"/],
    ['a long token', { clientRequestToken: 'x'.repeat(257) }, /clientRequestToken must have at most 256/],
    ['a bad name', { nodegroupName: 'a.b' }, /nodegroupName must be 1 to 63 letters/],
    ['a long name', { nodegroupName: 'a'.repeat(64) }, /nodegroupName must be 1 to 63 letters/],
    [
      'several wrongs',
      { diskSize: -1, instanceTypes: ['x'], nodeRole: '' },
      /instanceTypes must .*; diskSize must .*; nodeRole must/,
    ],
  ])('when it is given %s, it says so, and nothing is made', async (_what, members, message) => {
    await using rig = await EksRig.withCluster()
    const answer = await rig.createNodeGroup('bad', members)
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(answer.body['message']).toMatch(message)
    expect((await rig.send({ path: '/clusters/web/node-groups' })).body).toEqual({ nodegroups: [] })
  })

  it('when a bundle alone is given, its version is that of the nodes', async () => {
    const releases = RELEASES.map((release) => ({
      ...release,
      nodeBundles: release.nodeBundles.flatMap((bundle) => [
        { ...bundle, releaseVersion: bundle.releaseVersion.replace(/\d{8}$/, '20261001') },
        bundle,
      ]),
    }))
    await using rig = await EksRig.withCluster({}, { releases })
    const { body } = await rig.createNodeGroup('old', { releaseVersion: '1.35.2-20261001' })
    expect(body).toMatchObject({ nodegroup: { version: '1.35', releaseVersion: '1.35.2-20261001' } })
    expect(await rig.createNodeGroup('newest')).toMatchObject({
      body: { nodegroup: { version: '1.36', releaseVersion: '1.36.2-20261125' } },
    })
  })

  it('when the cluster has no network for nodes, it says why and what to do', async () => {
    await using rig = await EksRig.withCluster({ network: 'loopback' })
    const answer = await rig.createNodeGroup('small')
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidRequestException', body: { clusterName: 'web' } })
    expect(answer.body['message']).toMatch(/its network is loopback.* as root, and make a new cluster/)
    expect(rig.nodeGroup('small')).toBeUndefined()
  })

  it.each(['CREATING', 'UPDATING', 'FAILED'] as const)('when the cluster is %s, it is refused', async (phase) => {
    await using rig = await EksRig.start()
    await rig.create('web')
    await rig.report('web', { phase, network: 'private' })
    expect(await rig.createNodeGroup('small')).toMatchObject({
      status: 400,
      fault: 'InvalidRequestException',
      body: { message: `Cluster 'web' is not in ACTIVE status: it is ${phase}.` },
    })
  })

  it('when the cluster is unknown, it says so', async () => {
    await using rig = await EksRig.start()
    expect(await rig.createNodeGroup('small')).toMatchObject({
      status: 404,
      fault: 'ResourceNotFoundException',
      body: { message: 'No cluster found for name: web.' },
    })
  })

  it('when the caller may not make node groups, it is refused', async () => {
    const authorize = (question: object) => !JSON.stringify(question).includes('"resource":"nodegroups"')
    await using rig = await EksRig.withCluster({}, { home: { authorize } })
    expect(await rig.createNodeGroup('small')).toMatchObject({ status: 403, fault: 'AccessDeniedException' })
  })
})
