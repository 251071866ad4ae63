import { describe, expect, it } from 'vitest'
import { ACCOUNT, EksRig, NAMESPACE } from '../testing/eks-rig.ts'

describe('CreateCluster', () => {
  it('when the least is asked for, it answers a cluster that is CREATING, with the defaults written out', async () => {
    await using rig = await EksRig.start()
    const answer = await rig.create('web', { clientRequestToken: 'token-1', tags: { team: 'a' } })
    expect(answer).toMatchObject({ status: 200, fault: undefined })
    expect(answer.body).toMatchObject({
      cluster: {
        name: 'web',
        arn: `arn:aws:eks:local-1:${ACCOUNT}:cluster/web`,
        status: 'CREATING',
        version: '1.36',
        createdAt: expect.any(Number),
        roleArn: `arn:aws:iam::${ACCOUNT}:role/eks`,
        resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
        kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.0/16', ipFamily: 'ipv4' },
        accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
        upgradePolicy: { supportType: 'EXTENDED' },
        deletionProtection: false,
        clientRequestToken: 'token-1',
        tags: { team: 'a' },
      },
    })
    expect(rig.cluster('web')?.spec).toMatchObject({
      eksName: 'web',
      version: '1.36',
      upgradePolicy: { supportType: 'EXTENDED' },
      kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.0/16' },
    })
  })

  it('when the home is written, it is as the caller', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    const [write] = rig.home.writes
    expect(write?.path).toBe(`/apis/evenkeel.dev/v1alpha1/namespaces/${NAMESPACE}/clusters`)
    const headers = write?.rawHeaders.map((one) => one.toLowerCase()) ?? []
    expect(headers[headers.indexOf('impersonate-user') + 1]).toBe(`arn:aws:iam::${ACCOUNT}:user/admin`)
    expect(headers[headers.indexOf('impersonate-group') + 1]).toBe('evenkeel:admins')
  })

  it('when the cluster is described at once, it is there', async () => {
    await using rig = await EksRig.start()
    rig.home.muteWatches(true)
    await rig.create('web')
    expect(await rig.send({ path: '/clusters/web' })).toMatchObject({
      status: 200,
      body: { cluster: { status: 'CREATING' } },
    })
    expect((await rig.send({ path: '/clusters' })).body).toEqual({ clusters: ['web'] })
  })

  it('when names differ in case alone, they are two clusters', async () => {
    await using rig = await EksRig.start()
    expect((await rig.create('demo')).status).toBe(200)
    expect((await rig.create('Demo')).status).toBe(200)
    expect((await rig.send({ path: '/clusters' })).body).toEqual({ clusters: ['Demo', 'demo'] })
    expect((await rig.send({ path: '/clusters/Demo' })).body).toMatchObject({ cluster: { name: 'Demo' } })
  })

  it('when the same call comes again, it is answered with the first cluster', async () => {
    await using rig = await EksRig.start()
    const first = await rig.create('web', { clientRequestToken: 't', version: '1.37' })
    const second = await rig.create('web', { version: '1.37', clientRequestToken: 't' })
    expect(second.status).toBe(200)
    expect(second.body).toEqual(first.body)
    expect(rig.home.writes.filter(({ method }) => method === 'POST')).toHaveLength(2)
  })

  it.each([
    ['other parameters', 'web', { clientRequestToken: 't', version: '1.37' }, 'InvalidParameterException', 400],
    ['another name', 'other', { clientRequestToken: 't' }, 'InvalidParameterException', 400],
    ['no token', 'web', {}, 'ResourceInUseException', 409],
    ['another token', 'web', { clientRequestToken: 'u' }, 'ResourceInUseException', 409],
  ])(
    'when the name or token is taken and the call has %s, it is refused',
    async (_what, name, members, fault, status) => {
      await using rig = await EksRig.start()
      await rig.create('web', { clientRequestToken: 't' })
      expect(await rig.create(name, members)).toMatchObject({ fault, status, body: { clusterName: name } })
      expect(rig.cluster('other')).toBeUndefined()
    },
  )

  it('when the first of two equal calls is being deleted, the second is refused', async () => {
    await using rig = await EksRig.start()
    await rig.create('web', { clientRequestToken: 't' })
    await rig.report('web', { phase: 'ACTIVE' })
    await rig.send({ method: 'DELETE', path: '/clusters/web' })
    expect(await rig.create('web', { clientRequestToken: 't' })).toMatchObject({ fault: 'ResourceInUseException' })
  })

  it('when the account has as many clusters as it may, it is refused, and calls at once are counted too', async () => {
    await using rig = await EksRig.start({ clusterQuota: 3 })
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => rig.create(name)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 400, 400])
    expect(answers.find(({ status }) => status === 400)).toMatchObject({ fault: 'ResourceLimitExceededException' })
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no role', { roleArn: undefined }, /roleArn is required/],
    ['no VPC settings', { resourcesVpcConfig: undefined }, /resourcesVpcConfig is required/],
    ['a role that is none', { roleArn: 'admin' }, /roleArn must be the ARN of an IAM role/],
    ['a user for a role', { roleArn: 'arn:aws:iam::000000000001:user/x' }, /roleArn/],
    ['an empty name', { name: '' }, /name must have at least 1 characters, not 0/],
    ['a name that is too long', { name: 'a'.repeat(101) }, /name must have at most 100 characters, not 101/],
    ['a name that ends badly', { name: 'web.example' }, /name must match/],
    ['a name that begins badly', { name: '-web' }, /name must match/],
    ['a name with a line break', { name: 'web\n' }, /name must match/],
    ['an unknown version', { version: '1.99' }, /version must be one of 1\.35, 1\.36, 1\.37, not "1\.99"/],
    ['a version out of support', { version: '1.34' }, /version must be one of/],
    ['a patch version', { version: '1.37.2' }, /version must be one of/],
    [
      'STANDARD for extended support',
      { version: '1.35', upgradePolicy: { supportType: 'STANDARD' } },
      /must be EXTENDED/,
    ],
    ['an unknown support type', { upgradePolicy: { supportType: 'NONE' } }, /must be one of STANDARD, EXTENDED/],
    [
      'a public service network',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '8.8.0.0/16' } },
      /serviceIpv4Cidr must be/,
    ],
    [
      'a service network that is too small',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '10.0.0.0/25' } },
      /serviceIpv4Cidr/,
    ],
    [
      'a service network with host bits',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '10.0.0.1/24' } },
      /serviceIpv4Cidr/,
    ],
    ['a reserved tag', { tags: { 'aws:x': 'y' } }, /"aws:"/],
    ['a tag that is too long', { tags: { x: 'y'.repeat(257) } }, /tags\."x" must have at most 256 characters/],
    [
      'too many tags',
      { tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ''])) },
      /at most 50 entries/,
    ],
    ['a number for a name', { name: 5 }, /name must be a string, not 5/],
    ['a list for a structure', { resourcesVpcConfig: [] }, /resourcesVpcConfig must be a structure, not a list/],
    [
      'a number among subnets',
      { resourcesVpcConfig: { subnetIds: ['subnet-1', 2] } },
      /subnetIds\[1\] must be a string, not 2/,
    ],
    ['a subnet that is none', { resourcesVpcConfig: { subnetIds: ['vpc-1'] } }, /begin with subnet-/],
    ['a text for a boolean', { deletionProtection: 'true' }, /deletionProtection must be true or false, not "true"/],
    ['a text for tags', { tags: 'x' }, /tags must be a map, not "x"/],
    ['a number as a tag', { tags: { x: 1 } }, /tags\."x" must be a string, not 1/],
  ])('when it is given %s, it says so and nothing is made', async (_what, members, message) => {
    await using rig = await EksRig.start()
    const answer = await rig.create('web', members)
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(answer.body['message']).toMatch(message)
    expect(rig.home.writes).toEqual([])
  })

  it.each<[string, unknown]>([
    ['resourcesVpcConfig.publicAccessCidrs', ['10.0.0.0/8']],
    ['resourcesVpcConfig.endpointPrivateAccess', true],
    ['resourcesVpcConfig.endpointPublicAccess', false],
    ['resourcesVpcConfig.controlPlaneEgressMode', 'CUSTOMER_ROUTED'],
    ['kubernetesNetworkConfig.ipFamily', 'ipv6'],
    ['kubernetesNetworkConfig.elasticLoadBalancing', { enabled: true }],
    ['accessConfig.authenticationMode', 'CONFIG_MAP'],
    ['logging', { clusterLogging: [{ types: ['audit'], enabled: true }] }],
    ['encryptionConfig', [{ resources: ['secrets'], provider: { keyArn: 'arn:aws:kms:x' } }]],
    ['outpostConfig', { outpostArns: ['x'], controlPlaneInstanceType: 'm5.large' }],
    ['bootstrapSelfManagedAddons', true],
    ['zonalShiftConfig', { enabled: true }],
    ['remoteNetworkConfig', { remoteNodeNetworks: [{ cidrs: ['10.0.0.0/16'] }] }],
    ['computeConfig', { enabled: true, nodePools: ['system'] }],
    ['storageConfig', { blockStorage: { enabled: true } }],
    ['controlPlaneScalingConfig', { tier: 'tier-xl' }],
  ])('when %s asks for something that is not offered, it is refused by name', async (path, value) => {
    await using rig = await EksRig.start()
    const answer = await rig.create('web', nested(path, value))
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(answer.body['message']).toContain(`${path} is not offered yet`)
    expect(rig.home.writes).toEqual([])
  })

  it('when every such member asks for what the cluster does anyway, it is accepted', async () => {
    await using rig = await EksRig.start()
    const answer = await rig.create('web', {
      resourcesVpcConfig: {
        subnetIds: ['subnet-1', 'subnet-2'],
        securityGroupIds: ['sg-1'],
        endpointPublicAccess: true,
        endpointPrivateAccess: false,
        publicAccessCidrs: ['0.0.0.0/0'],
        controlPlaneEgressMode: 'AWS_MANAGED',
      },
      kubernetesNetworkConfig: {
        ipFamily: 'ipv4',
        elasticLoadBalancing: { enabled: false },
        serviceIpv4Cidr: '172.20.0.0/16',
      },
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
      logging: { clusterLogging: [{ types: ['audit'], enabled: false }] },
      encryptionConfig: [],
      bootstrapSelfManagedAddons: false,
      zonalShiftConfig: { enabled: false },
      remoteNetworkConfig: { remoteNodeNetworks: [], remotePodNetworks: [] },
      computeConfig: { enabled: false },
      storageConfig: { blockStorage: { enabled: false } },
      controlPlaneScalingConfig: { tier: 'standard' },
      kubeApiServerConfig: {},
      outpostConfig: null,
      memberOfTomorrow: 1,
    })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        cluster: {
          resourcesVpcConfig: { subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] },
          kubernetesNetworkConfig: { serviceIpv4Cidr: '172.20.0.0/16' },
          accessConfig: { bootstrapClusterCreatorAdminPermissions: false },
        },
      },
    })
  })

  it('when it is known why the home cannot write, the answer says it too', async () => {
    await using known = await EksRig.start({ whyHomeFails: async () => 'The disk of /state has 0 MiB free.' })
    known.home.refuseWrites({ status: 500, reason: '', message: 'rpc error: code = Unavailable' })
    const answer = await known.create('web')
    expect(answer).toMatchObject({ status: 503, fault: 'ServiceUnavailableException' })
    expect(answer.body['message']).toMatch(
      /code = Unavailable\. Try again later\. The disk of \/state has 0 MiB free\.$/,
    )
    known.home.refuseWrites({ status: 422, reason: 'Invalid', message: 'spec.version: too new' })
    expect((await known.create('web')).body['message']).not.toContain('disk')
  })

  it('when the home cannot write, it answers 503 with the reason', async () => {
    await using rig = await EksRig.start()
    rig.home.refuseWrites({ status: 500, reason: '', message: 'etcdserver: mvcc: database space exceeded' })
    const answer = await rig.create('web')
    expect(answer).toMatchObject({ status: 503, fault: 'ServiceUnavailableException' })
    expect(answer.body['message']).toContain('database space exceeded')
    rig.home.refuseWrites(undefined)
    expect((await rig.create('web')).status).toBe(200)
  })

  it('when the home refuses the object, it answers 400 with its words', async () => {
    await using rig = await EksRig.start()
    rig.home.refuseWrites({ status: 422, reason: 'Invalid', message: 'spec.version: too new' })
    expect(await rig.create('web')).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
  })
})

function nested(path: string, value: unknown): Record<string, unknown> {
  const [first = '', second] = path.split('.')
  return second === undefined ? { [first]: value } : { [first]: { [second]: value } }
}
