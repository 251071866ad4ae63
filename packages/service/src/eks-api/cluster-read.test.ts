import { CLUSTERS, type Cluster } from '@evenkeel/contract/kinds'
import { describe, expect, it } from 'vitest'
import { ACCOUNT, EksRig, NAMESPACE } from '../testing/eks-rig.ts'

describe('DescribeCluster', () => {
  it('when keepers have reported, it shows what a client needs to connect', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    await rig.report('web', {
      phase: 'ACTIVE',
      endpoint: 'https://127.1.0.2:6443',
      certificateAuthorityData: 'UEVN',
      oidcIssuer: 'https://127.1.0.2:6443/oidc/a123',
      platformVersion: 'eks.1',
      health: { issues: [{ code: 'Other', message: 'slow', resourceIds: ['etcd-a'] }] },
    })
    expect((await rig.send({ path: '/clusters/web' })).body).toMatchObject({
      cluster: {
        status: 'ACTIVE',
        endpoint: 'https://127.1.0.2:6443',
        certificateAuthority: { data: 'UEVN' },
        identity: { oidc: { issuer: 'https://127.1.0.2:6443/oidc/a123' } },
        platformVersion: 'eks.1',
        health: { issues: [{ code: 'Other', message: 'slow', resourceIds: ['etcd-a'] }] },
      },
    })
  })

  it('when no keeper has reported yet, it shows the platform version that the cluster will get', async () => {
    await using rig = await EksRig.start()
    const { body } = await rig.create('web')
    expect(body).toMatchObject({ cluster: { status: 'CREATING', platformVersion: 'eks.1' } })
  })

  it('when nothing is known of a member, it is absent', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    const { cluster } = (await rig.send({ path: '/clusters/web' })).body as { cluster: object }
    for (const member of ['endpoint', 'certificateAuthority', 'identity', 'encryptionConfig', 'outpostConfig', 'id']) {
      expect(cluster).not.toHaveProperty(member)
    }
    expect(cluster).not.toHaveProperty('resourcesVpcConfig.vpcId')
  })

  it.each(['nobody', 'No_Such-Cluster', 'x-nobody', '%20', 'a%2Fb', '..%2F..', '%00', '%F0%9F%98%80'])(
    'when there is no cluster %s, it says so',
    async (name) => {
      await using rig = await EksRig.start()
      const answer = await rig.send({ path: `/clusters/${name}` })
      expect(answer).toMatchObject({ status: 404, fault: 'ResourceNotFoundException' })
      expect(answer.body).toEqual({
        message: `No cluster found for name: ${decodeURIComponent(name)}.`,
        clusterName: decodeURIComponent(name),
      })
    },
  )

  it('when the cluster was made behind the service and no watch has brought it, it is found', async () => {
    await using rig = await EksRig.start()
    await using other = await EksRig.start({ home: rig.home })
    rig.home.muteWatches(true)
    await other.create('web')
    expect((await rig.send({ path: '/clusters/web' })).status).toBe(200)
  })
})

describe('ListClusters', () => {
  it('when an object claims an EKS name that is not its own, it is not listed', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    const { metadata: _, ...rest } = rig.cluster('web') ?? expect.unreachable()
    const metadata = { namespace: NAMESPACE, name: `x-${'a'.repeat(24)}` }
    await rig.home.client().create<Cluster>(CLUSTERS, { ...rest, metadata, spec: { ...rest.spec, eksName: 'Web' } })
    expect((await rig.send({ path: '/clusters/Web' })).status).toBe(404)
    await rig.create('last')
    await expect.poll(async () => (await rig.send({ path: '/clusters' })).body).toEqual({ clusters: ['last', 'web'] })
  })

  it('when there are more than a page, pages hold every name once, in order', async () => {
    await using rig = await EksRig.start()
    for (const name of ['c', 'a', 'e', 'b', 'd']) await rig.create(name)
    const seen: unknown[] = []
    let query = '?maxResults=2'
    for (;;) {
      const { body } = await rig.send({ path: `/clusters${query}` })
      seen.push(body['clusters'])
      if (body['nextToken'] === undefined) break
      query = `?maxResults=2&nextToken=${encodeURIComponent(String(body['nextToken']))}`
    }
    expect(seen).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  it('when the cluster that a page ended with is gone, the next page goes on behind it', async () => {
    await using rig = await EksRig.start()
    for (const name of ['a', 'b', 'c']) await rig.create(name)
    const first = await rig.send({ path: '/clusters?maxResults=2' })
    await rig.send({ method: 'DELETE', path: '/clusters/b' })
    const next = await rig.send({ path: `/clusters?nextToken=${String(first.body['nextToken'])}` })
    expect(next.body).toEqual({ clusters: ['c'] })
  })

  it.each([
    ['maxResults=0', /maxResults must be at least 1, not 0/],
    ['maxResults=101', /maxResults must be at most 100, not 101/],
    ['maxResults=many', /maxResults must be an integer, not "many"/],
    ['maxResults=1.5', /maxResults must be an integer/],
    ['maxResults=1&maxResults=2', /maxResults must be given once, not 2 times/],
    ['nextToken=tampered', /nextToken is not one/],
    ['nextToken=', /nextToken is not one/],
    ['include=everything', /include knows "all"/],
  ])('when asked with %s, it is refused', async (query, message) => {
    await using rig = await EksRig.start()
    const answer = await rig.send({ path: `/clusters?${query}` })
    expect(answer).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    expect(answer.body['message']).toMatch(message)
  })

  it('when a token is used with another operation or other parameters, it is refused', async () => {
    await using rig = await EksRig.start()
    for (const name of ['a', 'b']) await rig.create(name)
    const token = String((await rig.send({ path: '/clusters?maxResults=1' })).body['nextToken'])
    for (const path of [`/clusters?include=all&nextToken=${token}`, `/cluster-versions?nextToken=${token}`]) {
      expect(await rig.send({ path })).toMatchObject({ status: 400, fault: 'InvalidParameterException' })
    }
  })

  it('when external clusters are asked for too, there are none', async () => {
    await using rig = await EksRig.start()
    await rig.create('a')
    expect((await rig.send({ path: '/clusters?include=all' })).body).toEqual({ clusters: ['a'] })
  })
})

describe('reads while the home is away', () => {
  it('when the home dies, reads go on, writes say why not, and all is well when it is back', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    await rig.send({ path: '/clusters/web' })
    await rig.send({ path: '/clusters' })
    await rig.home.goAway()
    expect((await rig.send({ path: '/clusters/web' })).status).toBe(200)
    expect((await rig.send({ path: '/clusters' })).body).toEqual({ clusters: ['web'] })
    for (const answer of [
      await rig.create('other'),
      await rig.send({ method: 'DELETE', path: '/clusters/web' }),
      await rig.post('/clusters/web/update-config', { deletionProtection: true }),
      await rig.post(`/tags/${encodeURIComponent(`arn:aws:eks:local-1:${ACCOUNT}:cluster/web`)}`, { tags: { a: 'b' } }),
      // Nobody can tell that there is no such cluster.
      await rig.send({ path: '/clusters/unheard-of' }),
    ]) {
      expect(answer).toMatchObject({ status: 503, fault: 'ServiceUnavailableException' })
    }
    await rig.home.comeBack()
    expect((await rig.create('other')).status).toBe(200)
  })

  it('when the service starts without a home, it reads from what it kept', async () => {
    const { mkdtemp, rm } = await import('node:fs/promises')
    const { tmpdir } = await import('node:os')
    const mirrorFolder = await mkdtemp(`${tmpdir()}/evenkeel-service-`)
    try {
      const before = await EksRig.start({ mirrorFolder })
      await before.create('web')
      await before.send({ path: '/clusters/web' })
      await before.report('web', { phase: 'ACTIVE' })
      await before.send({ path: '/clusters' })
      await before.stop()
      await before.home.goAway()
      await using rig = await EksRig.start({ mirrorFolder, home: before.home })
      expect((await rig.send({ path: '/clusters/web' })).body).toMatchObject({
        cluster: { name: 'web', status: 'ACTIVE' },
      })
      expect((await rig.send({ path: '/clusters' })).body).toEqual({ clusters: ['web'] })
    } finally {
      await rm(mirrorFolder, { recursive: true })
    }
  })
})
