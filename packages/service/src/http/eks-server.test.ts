import { connect } from 'node:net'
import { EksFault, faultStatus, notOfferedFault, OPERATION_NAMES, operationFacts } from '@evenkeel/contract/eks'
import { describe, expect, it } from 'vitest'
import { isOffered } from '../eks-api/index.ts'
import { OPERATION_SCHEMAS } from '../eks-protocol/index.ts'
import { type EksRequest, EksRig } from '../testing/eks-rig.ts'

const NOT_OFFERED = OPERATION_NAMES.filter((name) => !isOffered(name))

describe('all operations of EKS', () => {
  it('when counted, seventeen are offered', () => {
    expect(NOT_OFFERED).toHaveLength(53)
  })

  it.each(NOT_OFFERED)(
    'when %s is called rightly, it says that it is not offered, in words that clients do not retry',
    async (name) => {
      await using rig = await EksRig.start()
      const { method, path, input } = OPERATION_SCHEMAS.get(name) ?? expect.unreachable()
      const query = input.getName() === 'DescribeAddonConfigurationRequest' ? '?addonName=a&addonVersion=v' : ''
      const answer = await rig.send({
        method,
        path:
          path
            .replace(/\{(clusterName|name)\}/, 'c')
            .replaceAll(/\{[^}]+\}/g, encodeURIComponent('arn:aws:iam::1:role/a/b')) + query,
        ...(method === 'POST' ? { body: LEAST_BODIES[name] ?? {} } : {}),
      })
      expect(answer).toMatchObject({ status: 400, fault: notOfferedFault(name) })
      expect(answer.body['message']).toContain(`${name} is not offered`)
      const declared = operationFacts(name).errors
      const offered = ['InvalidRequestException', 'InvalidParameterException', 'BadRequestException']
      const first = offered.find((fault) => declared.includes(fault))
      expect(answer.fault).toBe(first ?? 'InvalidRequestException')
    },
  )
})

describe('what surrounds every answer', () => {
  it('when an operation answers or refuses, both carry an id of the request and JSON', async () => {
    await using rig = await EksRig.start()
    for (const answer of [await rig.send({ path: '/clusters' }), await rig.send({ path: '/clusters/none' })]) {
      expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
      expect(answer.headers['content-type']).toMatch(/^application\/json/)
    }
  })

  it('when the home is asked for rights and says no, the answer has the sentence that AWS uses', async () => {
    await using rig = await EksRig.start({
      home: { authorize: (spec) => !JSON.stringify(spec).includes('user/guest') },
    })
    const answer = await rig.send({ method: 'DELETE', path: '/clusters/web', caller: 'guest' })
    expect(answer).toMatchObject({ status: 403, fault: 'AccessDeniedException' })
    expect(answer.body['message']).toMatch(
      /^User: arn:aws:iam::000000000001:user\/guest is not authorized to perform: eks:DeleteCluster on resource: arn:aws:eks:local-1:000000000001:cluster\/web\./,
    )
    expect((await rig.create('web')).status).toBe(200)
  })

  it('when somebody may see one cluster alone, that one is shown and no other', async () => {
    const authorize = (spec: object) => {
      const { resourceAttributes, user } = spec as { user: string; resourceAttributes: { verb: string; name?: string } }
      return !user.endsWith('/guest') || (resourceAttributes.verb === 'get' && resourceAttributes.name === 'web')
    }
    await using rig = await EksRig.start({ home: { authorize } })
    await rig.create('web')
    await rig.create('other')
    expect((await rig.send({ path: '/clusters/web', caller: 'guest' })).status).toBe(200)
    expect((await rig.send({ path: '/clusters/other', caller: 'guest' })).status).toBe(403)
    expect((await rig.send({ path: '/clusters', caller: 'guest' })).status).toBe(403)
  })
})

describe('bad input', () => {
  it.each<[string, EksRequest, number, string]>([
    ['unsigned', { path: '/clusters', caller: null }, 403, 'MissingAuthenticationTokenException'],
    ['unsigned and of an unknown path', { path: '/nothing', caller: null }, 403, 'MissingAuthenticationTokenException'],
    ['of an unknown path', { path: '/nothing' }, 404, 'UnknownOperationException'],
    ['of the root', { method: 'POST', path: '/' }, 404, 'UnknownOperationException'],
    ['of an unknown method', { method: 'PUT', path: '/clusters' }, 404, 'UnknownOperationException'],
    ['an OPTIONS', { method: 'OPTIONS', path: '/clusters' }, 404, 'UnknownOperationException'],
    ['of a path with a slash too many', { path: '/clusters/' }, 400, 'InvalidParameterException'],
    ['no JSON', { method: 'POST', path: '/clusters', text: '{"name": ' }, 400, 'SerializationException'],
    ['a JSON list', { method: 'POST', path: '/clusters', text: '[]' }, 400, 'SerializationException'],
    ['a JSON null', { method: 'POST', path: '/clusters', text: 'null' }, 400, 'SerializationException'],
    ['empty', { method: 'POST', path: '/clusters', text: '' }, 400, 'InvalidParameterException'],
    [
      'deeply nested',
      { method: 'POST', path: '/clusters', text: `${'['.repeat(100_000)}` },
      400,
      'SerializationException',
    ],
    [
      'nested in a member',
      { method: 'POST', path: '/clusters', text: `{"name":${'['.repeat(50_000)}${']'.repeat(50_000)}}` },
      400,
      'InvalidParameterException',
    ],
    [
      'no UTF-8',
      { method: 'POST', path: '/clusters', text: Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1') },
      400,
      'SerializationException',
    ],
    [
      'of a strange content type',
      { method: 'POST', path: '/clusters', body: {}, headers: { 'content-type': 'text/x-strange' } },
      400,
      'InvalidParameterException',
    ],
    [
      'of no content type at all',
      { method: 'POST', path: '/clusters', text: '{}', headers: { 'content-type': ';;' } },
      400,
      'SerializationException',
    ],
    ['badly encoded', { path: '/clusters/%ZZ' }, 404, 'UnknownOperationException'],
    ['of a label without end', { path: `/clusters/${'a'.repeat(5000)}` }, 404, 'UnknownOperationException'],
    ['2 MB', { method: 'POST', path: '/clusters', text: 'x'.repeat(2_000_000) }, 413, 'RequestEntityTooLargeException'],
  ])('when a request is %s, it is refused cleanly', async (_what, request, status, fault) => {
    await using rig = await EksRig.start()
    expect(await rig.send(request)).toMatchObject({ status, fault })
    expect(rig.home.writes).toEqual([])
  })

  it('when a body of 10 MB comes over a real connection, the client hears why it is refused', async () => {
    await using rig = await EksRig.start()
    const address = await rig.service.server.listen({ host: '127.0.0.1', port: 0 })
    const response = await fetch(`${address}/clusters`, {
      method: 'POST',
      headers: { 'x-caller': 'admin' },
      body: Buffer.alloc(10_000_000, 'x'),
    })
    expect(response.status).toBe(413)
    expect(response.headers.get('x-amzn-errortype')).toBe('RequestEntityTooLargeException')
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('1048576 bytes') })
    // The connection is as good as before.
    expect((await fetch(`${address}/clusters`, { headers: { 'x-caller': 'admin' } })).status).toBe(200)
  })

  it('when a client goes away in the middle of a body, the service goes on', async () => {
    await using rig = await EksRig.start()
    const address = new URL(await rig.service.server.listen({ host: '127.0.0.1', port: 0 }))
    await new Promise<void>((resolve) => {
      const socket = connect(Number(address.port), address.hostname, () => {
        socket.write(
          'POST /clusters HTTP/1.1\r\nhost: x\r\nx-caller: admin\r\ncontent-length: 100\r\n\r\n{"name',
          () => {
            socket.destroy()
            resolve()
          },
        )
      })
    })
    expect((await fetch(new URL('/clusters', address), { headers: { 'x-caller': 'admin' } })).status).toBe(200)
  })
})

describe('the authenticator', () => {
  it('when it is asked, it sees the request as the client sent it', async () => {
    const seen: unknown[] = []
    await using rig = await EksRig.start({
      authenticator: {
        authenticate: async ({ method, url, headers, body }) => {
          seen.push([method, url, headers['content-type'], Buffer.from(body).toString()])
          throw new EksFault('InvalidSignatureException', 'no')
        },
      },
    })
    const path = '/tags/arn%3Aaws%3Aeks%3Alocal-1%3A000000000001%3Acluster%2Fa?tagKeys=b%20c&tagKeys=d+e'
    await rig.send({ method: 'DELETE', path })
    await rig.send({
      method: 'POST',
      path: '/clusters',
      text: '{ "name" : 1 }',
      headers: { 'content-type': 'application/x' },
    })
    await rig.send({ path: '/clusters', text: 'a body where none belongs' })
    expect(seen).toEqual([
      ['DELETE', path, undefined, ''],
      ['POST', '/clusters', 'application/x', '{ "name" : 1 }'],
      ['GET', '/clusters', undefined, 'a body where none belongs'],
    ])
  })

  it('when it fails for a reason of its own, the answer is a 500 that says nothing of it', async () => {
    await using rig = await EksRig.start({
      authenticator: { authenticate: () => Promise.reject(new Error('the secret is hunter2')) },
    })
    const answer = await rig.send({ path: '/clusters' })
    expect(answer).toMatchObject({ status: faultStatus('InternalFailure'), fault: 'InternalFailure' })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })
})

describe('health and metrics', () => {
  it('when nobody has signed, they are served all the same', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    const { server } = rig.service
    expect((await server.inject('/healthz')).statusCode).toBe(200)
    expect((await server.inject('/readyz')).body).toBe('[+]home ok\nok\n')
    await expect
      .poll(async () => (await server.inject('/metrics')).body)
      .toContain('evenkeel_eks_clusters_items{status="CREATING"} 1')
    const metrics = (await server.inject('/metrics')).body
    expect(metrics).toContain('evenkeel_eks_nodegroups_items{status="ACTIVE"} 0')
    expect(metrics).toContain('evenkeel_eks_request_duration_seconds_count{operation="CreateCluster",code="Success"} 1')
    expect(metrics).not.toContain(
      'evenkeel_eks_request_duration_seconds_sum{operation="CreateCluster",code="Success"} 0\n',
    )
    expect(metrics).toContain('evenkeel_eks_home_staleness_seconds 0')
  })
})

const CLUSTER = { clusterName: 'c' }
/** The members without which some operations are refused for another reason. */
const LEAST_BODIES: Readonly<Record<string, unknown>> = {
  AssociateAccessPolicy: { policyArn: 'a', accessScope: { type: 'cluster' } },
  AssociateEncryptionConfig: { encryptionConfig: [] },
  AssociateIdentityProviderConfig: { oidc: { identityProviderConfigName: 'a', issuerUrl: 'b', clientId: 'c' } },
  CreateAccessEntry: { principalArn: 'a' },
  CreateAddon: { addonName: 'a' },
  CreateCapability: { capabilityName: 'a', type: 'ACK', roleArn: 'r', deletePropagationPolicy: 'RETAIN' },
  CreateEksAnywhereSubscription: { name: 'a', term: {} },
  CreateFargateProfile: { fargateProfileName: 'a', podExecutionRoleArn: 'r' },
  CreateNodegroup: { nodegroupName: 'a', subnets: [], nodeRole: 'r' },
  CreatePodIdentityAssociation: { ...CLUSTER, namespace: 'a', serviceAccount: 'b', roleArn: 'r' },
  DescribeIdentityProviderConfig: { identityProviderConfig: { type: 'oidc', name: 'a' } },
  DisassociateIdentityProviderConfig: { identityProviderConfig: { type: 'oidc', name: 'a' } },
  RegisterCluster: { name: 'a', connectorConfig: { roleArn: 'r', provider: 'OTHER' } },
  UpdateClusterVersion: { version: '1.37' },
  UpdateEksAnywhereSubscription: { autoRenew: true },
}
