import {
  CreateAddonCommand,
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeUpdateCommand,
  EKSClient,
  InvalidParameterException,
  InvalidRequestException,
  ListTagsForResourceCommand,
  ListUpdatesCommand,
  NotFoundException,
  paginateListClusters,
  ResourceInUseException,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterConfigCommand,
  waitUntilClusterActive,
  waitUntilClusterDeleted,
} from '@aws-sdk/client-eks'
import { CLUSTERS } from '@evenkeel/contract/kinds'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, believingAuthenticator, EksRig, LEAST_WISH, NAMESPACE } from '../testing/eks-rig.ts'
import type { Authenticator } from './authenticator.ts'

/** Who signs is not the subject here: identity has tests of its own. */
const anySigner: Authenticator = {
  async authenticate(request) {
    const isSigned = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')
    return isSigned ? ADMIN : await believingAuthenticator.authenticate(request)
  },
}

let rig: EksRig
let client: EKSClient
beforeAll(async () => {
  rig = await EksRig.start({ authenticator: anySigner })
  const endpoint = await rig.service.server.listen({ host: '127.0.0.1', port: 0 })
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' }
  client = new EKSClient({ endpoint, region: 'local-1', credentials, maxAttempts: 1 })
})
afterAll(async () => {
  client.destroy()
  await rig[Symbol.asyncDispose]()
})

describe('the AWS SDK for JavaScript', () => {
  it('when it walks through the life of a cluster, it understands every answer', async () => {
    const name = 'web'
    const created = await client.send(new CreateClusterCommand({ name, ...LEAST_WISH, tags: { team: 'a' } }))
    expect(created.cluster?.createdAt).toBeInstanceOf(Date)
    expect(created.cluster?.clientRequestToken).toMatch(/^[0-9a-f-]{36}$/)
    expect(created.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/)

    await rig.report(name, { phase: 'ACTIVE', endpoint: 'https://127.1.0.2:6443' })
    const waiting = { client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }
    expect((await waitUntilClusterActive(waiting, { name })).state).toBe('SUCCESS')

    const resourceArn = created.cluster?.arn ?? expect.unreachable()
    await client.send(new TagResourceCommand({ resourceArn, tags: { 'owner/name': 'b' } }))
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['team', 'none'] }))
    expect((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ 'owner/name': 'b' })

    const { update } = await client.send(new UpdateClusterConfigCommand({ name, deletionProtection: true }))
    const updateId = update?.id ?? expect.unreachable()
    expect((await client.send(new ListUpdatesCommand({ name }))).updateIds).toEqual([updateId])
    await expect(client.send(new DeleteClusterCommand({ name }))).rejects.toBeInstanceOf(InvalidRequestException)
    await rig.finishUpdate(updateId, { phase: 'Successful' })
    await expect
      .poll(async () => (await client.send(new DescribeUpdateCommand({ name, updateId }))).update?.status)
      .toBe('Successful')
    await client.send(new UpdateClusterConfigCommand({ name, deletionProtection: false }))

    expect((await client.send(new DeleteClusterCommand({ name }))).cluster?.status).toBe('DELETING')
    await rig.home
      .client()
      .mergePatch(CLUSTERS, { namespace: NAMESPACE, name, patch: { metadata: { finalizers: [] } } })
    expect((await waitUntilClusterDeleted(waiting, { name })).state).toBe('SUCCESS')
  })

  it('when it is refused, it throws the error class with its members', async () => {
    await client.send(new CreateClusterCommand({ name: 'taken', ...LEAST_WISH }))
    const refusals = [
      [new CreateClusterCommand({ name: 'taken', ...LEAST_WISH }), ResourceInUseException, { clusterName: 'taken' }],
      [new CreateClusterCommand({ name: 'a.b', ...LEAST_WISH }), InvalidParameterException, {}],
      [new DescribeClusterCommand({ name: 'none' }), ResourceNotFoundException, { clusterName: 'none' }],
      [
        new ListTagsForResourceCommand({ resourceArn: 'arn:aws:eks:local-1:000000000001:cluster/none' }),
        NotFoundException,
        {},
      ],
      [new CreateAddonCommand({ clusterName: 'c', addonName: 'a' }), InvalidRequestException, {}],
    ] as const
    for (const [command, error, members] of refusals) {
      const thrown: unknown = await client.send(command as DescribeClusterCommand).catch((caught: unknown) => caught)
      expect(thrown).toBeInstanceOf(error)
      expect(thrown).toMatchObject(members)
    }
  })

  it('when it lists in pages, it sees every cluster once', async () => {
    for (const name of ['p1', 'p2', 'p3']) await client.send(new CreateClusterCommand({ name, ...LEAST_WISH }))
    const seen: string[] = []
    for await (const page of paginateListClusters({ client, pageSize: 2 }, {})) seen.push(...(page.clusters ?? []))
    expect(seen).toEqual(['p1', 'p2', 'p3', 'taken'])
  })

  it('when it asks for versions, dates are dates', async () => {
    const { clusterVersions } = await client.send(new DescribeClusterVersionsCommand({ clusterVersions: ['1.36'] }))
    expect(clusterVersions?.[0]?.endOfStandardSupportDate).toBeInstanceOf(Date)
  })
})
