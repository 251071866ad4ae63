import {
  CLUSTERS,
  type Cluster,
  KEEPER_FINALIZER,
  objectName,
  SERVICE_IDENTITY,
  UPDATES,
  USERS,
} from '@evenkeel/contract/kinds'
import { releases } from '@evenkeel/distribution/releases'
import { CUSTOM_RESOURCE_DEFINITIONS, type KubeClient, SECRETS, silentLogger, systemClock } from '@evenkeel/kernel'
import { FakeClock, waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { HARNESS_TIMEOUT_MS } from '../testing/home-harness.ts'
import { InstalledHome, refusal } from '../testing/installed-home.ts'
import { HomeInstallation } from './index.ts'
import { isInstalled } from './install.ts'

const namespace = InstalledHome.namespace
const { asAdmin, asGuest, admin, guest } = InstalledHome

let home: InstalledHome
let owner: KubeClient
let service: KubeClient
let keeper: KubeClient

beforeAll(async () => {
  home = await InstalledHome.start()
  owner = home.owner
  service = home.service
  keeper = home.keeper
}, HARNESS_TIMEOUT_MS)

afterAll(async () => {
  await home?.stop()
})

function cluster(name: string, spec: object = {}, metadata: object = {}): Cluster {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: objectName(name), namespace, ...metadata },
    spec: { eksName: name, version: '1.37', ...spec },
  }
}

async function change(name: string, patch: object, client = owner): Promise<Cluster> {
  return await client.mergePatch<Cluster>(CLUSTERS, { namespace, name, patch: patch as Record<string, unknown> })
}

describe('a home that the service has installed', { timeout: 60_000 }, () => {
  it('when it is installed again, nothing changes', async () => {
    const versions = async () => {
      const { items } = await owner.list(CUSTOM_RESOURCE_DEFINITIONS)
      return items.map(({ metadata }) => `${metadata.name} ${metadata.generation}`)
    }
    const before = await versions()
    await home.install()
    expect(await versions()).toEqual(before)
    expect(before.map((text) => text.split('.')[0])).toEqual(['clusters', 'nodegroups', 'updates', 'users'])
  })

  it('when a caller makes a cluster, creator, finalizer and defaults are written for them', async () => {
    const made = await service.create(CLUSTERS, cluster('plain', { creator: 'arn:aws:iam::1:user/liar' }), asAdmin)
    expect(made.spec).toEqual({
      eksName: 'plain',
      version: '1.37',
      creator: admin.arn,
      bootstrapClusterCreatorAdminPermissions: true,
      deletionProtection: false,
      upgradePolicy: { supportType: 'EXTENDED' },
      kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.0/16' },
    })
    expect(made.metadata.finalizers).toEqual([KEEPER_FINALIZER])
  })

  it('when a cluster is applied to the home with the least that there is, it gets the same defaults', async () => {
    const { version: _, ...spec } = cluster('applied').spec
    const wish = { ...cluster('applied', {}, { finalizers: ['example.test/other'] }), spec } as Cluster
    const made = await owner.apply(CLUSTERS, wish, { fieldManager: 'kubectl' })
    const fallback = releases().find((release) => release.isDefault)?.minor
    expect(made.spec).toMatchObject({
      version: fallback,
      creator: 'kubernetes-admin',
      upgradePolicy: { supportType: 'EXTENDED' },
    })
    expect(made.metadata.finalizers?.toSorted()).toEqual([KEEPER_FINALIZER, 'example.test/other'])
    const again = await owner.apply(CLUSTERS, wish, { fieldManager: 'kubectl' })
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
  })

  it('when an update is made, it has a creator and cannot be changed', async () => {
    const update = {
      apiVersion: 'evenkeel.dev/v1alpha1',
      kind: 'Update',
      metadata: { name: '11111111-1111-4111-8111-111111111111', namespace },
      spec: { clusterName: 'plain', type: 'DeletionProtectionUpdate', params: [] },
    }
    const made = await service.create(UPDATES, update)
    expect(made).toMatchObject({ spec: { creator: SERVICE_IDENTITY.user } })
    expect(made.metadata).not.toHaveProperty('finalizers')
    const { name } = update.metadata
    const patch = { spec: { type: 'VersionUpdate' } }
    expect(await refusal(service.mergePatch(UPDATES, { namespace, name, patch }))).toMatch(/422 .*cannot be changed/)
    await keeper.mergePatch(UPDATES, {
      namespace,
      name,
      subresource: 'status',
      patch: { status: { phase: 'Successful' } },
    })
  })

  it.each([
    ['no version of ours', { version: '1.12' }, /spec.version must be one of 1\.36, 1\.37, not 1\.12/],
    ['a version of another form', { version: 'latest' }, /spec.version.*should match/],
    [
      'a service network that is public',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '8.8.0.0/16' } },
      /\/12 to \/24 within/,
    ],
    [
      'a service network too large',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '10.0.0.0/8' } },
      /\/12 to \/24 within/,
    ],
    [
      'a service network too small',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '10.0.0.0/25' } },
      /\/12 to \/24 within/,
    ],
    [
      'a service network partly private',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '192.160.0.0/12' } },
      /\/12 to \/24 within/,
    ],
    [
      'a service network with host bits',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '10.1.2.3/16' } },
      /\/12 to \/24 within/,
    ],
    ['a service network of IPv6', { kubernetesNetworkConfig: { serviceIpv4Cidr: 'fd00::/16' } }, /\/12 to \/24 within/],
    ['no network at all', { kubernetesNetworkConfig: { serviceIpv4Cidr: 'ten' } }, /\/12 to \/24 within/],
    ['an unknown support type', { upgradePolicy: { supportType: 'FOREVER' } }, /supportType.*Unsupported value/],
    ['a role that is none', { roleArn: 'arn:aws:iam::000000000001:user/x' }, /must be the ARN of an IAM role/],
    ['a subnet that is none', { subnetIds: ['sg-1'] }, /begin with subnet-/],
    ['a security group that is none', { securityGroupIds: ['subnet-1'] }, /begin with sg-/],
    ['a reserved tag', { tags: { 'AWS:x': 'y' } }, /not begin with aws:/],
    ['a tag with a long key', { tags: { ['x'.repeat(129)]: 'y' } }, /1 to 128 characters/],
    ['a name that EKS does not take', { eksName: 'a b' }, /eksName.*should match/],
    ['a name that is too long', { eksName: 'x'.repeat(101) }, /eksName.*more than 100/],
  ])('when a cluster has %s, it is refused with the reason', async (_what, spec, reason) => {
    const said = await refusal(owner.create(CLUSTERS, cluster('bad', spec, { name: 'bad' })))
    expect(said).toMatch(/^422 /)
    expect(said).toMatch(reason)
  })

  it('when a network is within bounds, it is taken', async () => {
    for (const serviceIpv4Cidr of ['10.0.0.0/12', '172.31.255.0/24', '192.168.0.0/16']) {
      const wish = cluster('dry', { kubernetesNetworkConfig: { serviceIpv4Cidr } })
      const path = `/apis/evenkeel.dev/v1alpha1/namespaces/${namespace}/clusters`
      await owner.request(path, { method: 'POST', query: { dryRun: 'All' }, body: wish })
    }
  })

  it('when the object name is not that of the EKS name, it is refused', async () => {
    expect(await refusal(owner.create(CLUSTERS, cluster('web', {}, { name: 'other' })))).toMatch(
      /422 .*metadata.name must be/,
    )
    expect(await refusal(owner.create(CLUSTERS, cluster('Web', {}, { name: 'web' })))).toMatch(
      /422 .*metadata.name must be/,
    )
    expect(await refusal(owner.create(CLUSTERS, cluster('web', {}, { name: objectName('Web') })))).toMatch(
      /metadata.name must be/,
    )
  })

  it('when a name has to be derived, the EKS API alone may make it', async () => {
    expect(await refusal(owner.create(CLUSTERS, cluster('Web')))).toMatch(/403 .*made through the EKS API/)
    const made = await service.create(CLUSTERS, cluster('Web'), asAdmin)
    expect(made.metadata.name).toMatch(/^x-/)
    await service.create(CLUSTERS, cluster('x-ray'), asAdmin)
  })

  it('when a cluster is made outside of an account, it is refused', async () => {
    expect(await refusal(owner.create(CLUSTERS, cluster('web', {}, { namespace: 'default' })))).toMatch(
      /default is no account/,
    )
  })

  it.each([
    [{ creator: 'me' }, /creator cannot be changed/],
    [{ creator: null }, /creator cannot be changed/],
    [{ eksName: 'fixed2' }, /eksName cannot be changed/],
    [{ version: '1.36' }, /version cannot be changed yet/],
    [{ clientRequestToken: 'x' }, /clientRequestToken cannot be changed/],
    [{ kubernetesNetworkConfig: { serviceIpv4Cidr: '10.0.0.0/16' } }, /kubernetesNetworkConfig cannot be changed/],
  ])('when %j is written later, it is refused', async (spec, reason) => {
    await owner.apply(CLUSTERS, cluster('fixed'), { fieldManager: 'test' })
    expect(await refusal(change('fixed', { spec }))).toMatch(reason)
  })

  it('when protection, support policy or tags are changed, it is taken', async () => {
    await owner.apply(CLUSTERS, cluster('changing'), { fieldManager: 'test' })
    const spec = { deletionProtection: true, upgradePolicy: { supportType: 'STANDARD' }, tags: { a: 'b' } }
    expect((await change('changing', { spec })).spec).toMatchObject(spec)
  })

  it('when a working cluster is protected, it cannot be deleted until it is not', async () => {
    await owner.create(CLUSTERS, cluster('kept', { deletionProtection: true }))
    await keeper.mergePatch(CLUSTERS, {
      namespace,
      name: 'kept',
      subresource: 'status',
      patch: { status: { phase: 'ACTIVE' } },
    })
    const remove = () => service.delete(CLUSTERS, { namespace, name: 'kept', ...asAdmin })
    expect(await refusal(remove())).toMatch(
      /403 .*kept is protected against deletion: set spec.deletionProtection to false/,
    )
    await change('kept', { spec: { deletionProtection: false } })
    await remove()
    await remove()
  })

  it('when a protected cluster has failed, it can be deleted', async () => {
    await owner.create(CLUSTERS, cluster('failed', { deletionProtection: true }))
    await keeper.mergePatch(CLUSTERS, {
      namespace,
      name: 'failed',
      subresource: 'status',
      patch: { status: { phase: 'FAILED' } },
    })
    await owner.delete(CLUSTERS, { namespace, name: 'failed' })
  })

  it('when a caller takes the finalizer away, it is refused, and the keeper may', async () => {
    await service.create(CLUSTERS, cluster('held'), asAdmin)
    const patch = { metadata: { finalizers: null } }
    const taken = service.mergePatch(CLUSTERS, { namespace, name: 'held', patch, ...asAdmin })
    expect(await refusal(taken)).toMatch(/403 .*removed by keepers alone/)
    await owner.delete(CLUSTERS, { namespace, name: 'held' })
    await change('held', patch, keeper)
    expect(await refusal(owner.get(CLUSTERS, { namespace, name: 'held' }))).toMatch(/^404/)
  })

  it('when the keeper changes a spec, or reads what is not its business, it is refused', async () => {
    await owner.apply(CLUSTERS, cluster('ruled'), { fieldManager: 'test' })
    expect(await refusal(change('ruled', { spec: { tags: { a: 'b' } } }, keeper))).toMatch(/403 .*do not change it/)
    expect(await refusal(keeper.list(SECRETS, { namespace: 'evenkeel-identity' }))).toMatch(/^403/)
    expect((await keeper.list(SECRETS, { namespace: 'evenkeel-signing-keys' })).items).toEqual([])
  })

  it('when a user has no rights, everything is refused', async () => {
    expect(await refusal(service.list(CLUSTERS, { namespace, ...asGuest }))).toMatch(/^403/)
    expect(await refusal(service.create(CLUSTERS, cluster('guests'), asGuest))).toMatch(/^403/)
  })

  it('when the master of an account goes beyond it, they are refused', async () => {
    expect(await refusal(service.list(CLUSTERS, { namespace: 'account-000000000000', ...asAdmin }))).toMatch(/^403/)
    expect(await refusal(service.list(USERS, { namespace, ...asAdmin }))).toMatch(/^403/)
    const options = { namespace, name: 'plain', subresource: 'status', patch: { status: { phase: 'ACTIVE' } } }
    expect(await refusal(service.mergePatch(CLUSTERS, { ...options, ...asAdmin }))).toMatch(/^403/)
    const impersonate = { user: admin.arn, groups: ['system:masters'] }
    expect(await refusal(service.list(CLUSTERS, { impersonate }))).toMatch(/^403 .*impersonate/)
  })

  it('when a user is made, their name is checked, and can be selected on', async () => {
    await owner.create(USERS, guest.user)
    await owner.create(SECRETS, guest.accessKey)
    const found = await owner.list(USERS, { namespace, fieldSelector: 'spec.userName=Guest' })
    expect(found.items).toMatchObject([{ spec: { userName: 'Guest', accessKeyIds: [guest.accessKeyId] } }])
    expect(await refusal(owner.create(USERS, guest.user))).toMatch(/^409 .*already exists/)
    const wrong = { ...guest.user, metadata: { name: 'guest', namespace } }
    expect(await refusal(owner.create(USERS, wrong))).toMatch(/metadata.name must be/)
  })

  it('when somebody asks for clusters, they read well', async () => {
    const printed = await home.kubectl('get', 'ekc', '--namespace', namespace, '--field-selector', 'spec.eksName=plain')
    const [head, ...rows] = printed.trim().split('\n')
    expect(head?.split(/ {2,}/)).toEqual(['NAME', 'EKS NAME', 'VERSION', 'PHASE', 'ENDPOINT', 'AGE'])
    expect(rows).toEqual([expect.stringMatching(/^plain +plain +1\.37 +\d+s$/)])
    expect(await home.kubectl('get', 'evenkeel', '--namespace', namespace)).toMatch(/cluster.evenkeel.dev\/plain/)
  })

  it('when a minor leaves support, it is no longer offered, and clusters of it live on', async () => {
    await owner.apply(CLUSTERS, cluster('old', { version: '1.36' }), { fieldManager: 'test' })
    const [oldest] = releases()
    const endMs = oldest?.extendedSupportEndsAt.getTime() ?? 0
    await home.install({ nowMs: endMs })
    expect(await refusal(owner.create(CLUSTERS, cluster('late', { version: '1.36' })))).toMatch(
      /must be one of 1\.37, not 1\.36/,
    )
    await change('old', { spec: { tags: { a: 'b' } } })
    await home.install({ nowMs: (oldest?.standardSupportEndsAt.getTime() ?? 0) + 1 })
    const wish = cluster('cheap', { version: '1.36', upgradePolicy: { supportType: 'STANDARD' } })
    expect(await refusal(owner.create(CLUSTERS, wish))).toMatch(/supportType must be EXTENDED for Kubernetes 1\.36/)
    expect(await refusal(change('old', { spec: { upgradePolicy: { supportType: 'STANDARD' } } }))).toMatch(
      /must be EXTENDED/,
    )
    await home.install()
    await owner.create(CLUSTERS, wish)
  })
})

describe('the installation of a home', { timeout: 60_000 }, () => {
  it('when the home lets the service do too little, it says so and comes to rest when it may', async () => {
    const stop = new AbortController()
    const installation = new HomeInstallation({
      client: keeper,
      releases: releases(),
      clock: systemClock,
      log: silentLogger,
    })
    expect(installation.problem()).toBeDefined()
    const running = installation.run(stop.signal)
    await waitFor(() => installation.problem()?.includes('cannot get'), { what: 'the refusal to be told' })
    stop.abort()
    await running
  })

  it('when an earlier start has installed the same, it is content at once, and looks closely a minute later', async () => {
    await home.install()
    const applied = vi.spyOn(service, 'apply')
    const stop = new AbortController()
    const clock = new FakeClock(systemClock.now())
    const installation = new HomeInstallation({ client: service, releases: releases(), clock, log: silentLogger })
    const running = installation.run(stop.signal)
    await waitFor(() => installation.problem() === undefined, { what: 'the installation' })
    expect(applied).not.toHaveBeenCalled()
    await waitFor(() => clock.pending === 1, { what: 'the pause' })
    await clock.advance(60_000)
    await waitFor(() => applied.mock.calls.length > 20, { what: 'the closer look', deadlineMs: 30_000 })
    stop.abort()
    await running
    applied.mockRestore()
  })

  it('when something of what is installed is different, it is not taken for installed', async () => {
    await home.install()
    const signal = AbortSignal.timeout(30_000)
    const options = { releases: releases(), clock: systemClock, signal }
    expect(await isInstalled(service, options)).toBe(true)
    expect(await isInstalled(service, { ...options, releases: releases().slice(1) })).toBe(false)
    const annotations = { 'evenkeel.dev/installed-revision': 'other' }
    const name = 'users.evenkeel.dev'
    await owner.mergePatch(CUSTOM_RESOURCE_DEFINITIONS, { name, patch: { metadata: { annotations } } })
    expect(await isInstalled(service, options)).toBe(false)
    await home.install()
    expect(await isInstalled(service, options)).toBe(true)
  })

  it('when the home may be written, the problem goes away', async () => {
    const stop = new AbortController()
    const installation = new HomeInstallation({
      client: service,
      releases: releases(),
      clock: systemClock,
      log: silentLogger,
    })
    const running = installation.run(stop.signal)
    await waitFor(() => installation.problem() === undefined, { what: 'the installation', deadlineMs: 30_000 })
    stop.abort()
    await running
  })
})
