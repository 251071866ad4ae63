import { describe, expect, it } from 'vitest'
import { EksRig } from '../testing/eks-rig.ts'

async function versions(query: string): Promise<unknown> {
  await using rig = await EksRig.start()
  const { body } = await rig.send({ path: `/cluster-versions${query}` })
  return (body['clusterVersions'] as { clusterVersion: string }[] | undefined)?.map((one) => one.clusterVersion) ?? body
}

describe('DescribeClusterVersions', () => {
  it.each<[string, readonly string[]]>([
    ['', ['1.37', '1.36', '1.35']],
    ['?includeAll=true', ['1.37', '1.36', '1.35', '1.34']],
    ['?includeAll=false', ['1.37', '1.36', '1.35']],
    ['?defaultOnly=true', ['1.36']],
    ['?clusterVersions=1.34&clusterVersions=1.37', ['1.37', '1.34']],
    ['?clusterVersions=1.99', []],
    ['?versionStatus=EXTENDED_SUPPORT', ['1.35']],
    ['?versionStatus=UNSUPPORTED', ['1.34']],
    ['?status=standard-support', ['1.37', '1.36']],
    ['?clusterType=eks', ['1.37', '1.36', '1.35']],
    ['?clusterType=eks-local-outposts', []],
  ])('when asked with "%s", it shows %j', async (query, expected) => {
    expect(await versions(query)).toEqual(expected)
  })

  it('when a version is shown, it has its dates and where it stands', async () => {
    await using rig = await EksRig.start()
    const { body } = await rig.send({ path: '/cluster-versions?defaultOnly=true' })
    expect(body['clusterVersions']).toEqual([
      {
        clusterVersion: '1.36',
        clusterType: 'eks',
        defaultPlatformVersion: 'eks.1',
        defaultVersion: true,
        releaseDate: expect.any(Number),
        endOfStandardSupportDate: expect.any(Number),
        endOfExtendedSupportDate: expect.any(Number),
        status: 'standard-support',
        versionStatus: 'STANDARD_SUPPORT',
        kubernetesPatchVersion: '1.36.2',
      },
    ])
  })

  it('when there are more than a page, the next page goes on', async () => {
    await using rig = await EksRig.start()
    const first = (await rig.send({ path: '/cluster-versions?maxResults=2' })).body
    expect(first['clusterVersions']).toMatchObject([{ clusterVersion: '1.37' }, { clusterVersion: '1.36' }])
    const path = `/cluster-versions?maxResults=2&nextToken=${String(first['nextToken'])}`
    expect((await rig.send({ path })).body).toMatchObject({ clusterVersions: [{ clusterVersion: '1.35' }] })
  })

  it.each(['?versionStatus=OLD', '?status=old', '?defaultOnly=yes', '?maxResults=1000'])(
    'when asked with %s, it is refused',
    async (query) => {
      await using rig = await EksRig.start()
      expect(await rig.send({ path: `/cluster-versions${query}` })).toMatchObject({
        status: 400,
        fault: 'InvalidParameterException',
      })
    },
  )
})
