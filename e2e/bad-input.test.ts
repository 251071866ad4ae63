import { readFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  BadRequestException,
  CreateClusterCommand,
  CreateNodegroupCommand,
  type CreateNodegroupRequest,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  EKSClient,
  InvalidParameterException,
  InvalidRequestException,
  ListClustersCommand,
  ListNodegroupsCommand,
  ListTagsForResourceCommand,
  ListUpdatesCommand,
  NotFoundException,
  paginateListClusters,
  ResourceInUseException,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterConfigCommand,
  UpdateNodegroupConfigCommand,
  UpdateNodegroupVersionCommand,
  waitUntilClusterActive,
  waitUntilClusterDeleted,
} from '@aws-sdk/client-eks'
import { notOfferedFault, OPERATION_NAMES, type OperationName } from '@evenkeel/contract/eks'
import { clusterToken, presignUrl, TOKEN_SERVICE } from '@evenkeel/contract/sigv4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boto3Python } from './boto3.ts'
import { Installation, run } from './installation.ts'
import { profileKey, type RequestToEks, rawClient } from './signed-request.ts'

const OFFERED: readonly OperationName[] = [
  'CreateCluster',
  'CreateNodegroup',
  'DeleteCluster',
  'DeleteNodegroup',
  'DescribeCluster',
  'DescribeClusterVersions',
  'DescribeNodegroup',
  'DescribeUpdate',
  'ListClusters',
  'ListNodegroups',
  'ListTagsForResource',
  'ListUpdates',
  'TagResource',
  'UntagResource',
  'UpdateClusterConfig',
  'UpdateNodegroupConfig',
  'UpdateNodegroupVersion',
]

const MINUTE_MS = 60_000

/** One installation, and everything that people and programs get wrong. */
describe('when the input is bad', () => {
  const evenkeel = new Installation()
  let send: ReturnType<typeof rawClient>
  let client: EKSClient
  let url = ''
  let accountId = ''
  let roleArn = ''

  /** All that the home holds of ours. */
  const held = async () =>
    await evenkeel.evenkeel(['kubectl', '--home', 'get', 'clusters,nodegroups,updates,users', '-A', '-o', 'json'])

  beforeAll(async () => {
    await evenkeel.evenkeel(['up', '--no-demo'], { deadlineMs: 600_000 })
    const exported = await evenkeel.evenkeel(['env'])
    for (const [, name = '', value = ''] of exported.matchAll(/^export (AWS_\w+)=(.*)$/gm)) process.env[name] = value
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) delete process.env[name]
    // As `env` sets it up: no endpoint, region or key is given here. One try, so that nothing is retried unseen.
    client = new EKSClient({ maxAttempts: 1 })
    const settings = JSON.parse(readFileSync(join(evenkeel.home, 'installation.json'), 'utf8')) as {
      accountId: string
      servicePort: number
    }
    accountId = settings.accountId
    url = `http://127.0.0.1:${settings.servicePort}`
    roleArn = `arn:aws:iam::${accountId}:role/any`
    send = rawClient(url, profileKey(evenkeel.home))
  })
  afterAll(async () => {
    client?.destroy()
    await evenkeel.destroy()
  }, 180_000)

  const wish = (name: string) => ({ name, roleArn, resourcesVpcConfig: {} })
  /** A node group that could be. */
  const nodes = { nodegroupName: 'small', nodeRole: 'arn:aws:iam::123456789012:role/nodes', subnets: [] }
  const create = (body: unknown): RequestToEks => ({ method: 'POST', path: '/clusters', body: JSON.stringify(body) })
  const arnOf = (name: string) => `arn:aws:eks:local-1:${accountId}:cluster/${name}`

  /** Refused with this class, and with a message; whatever it was, it was tried once. */
  async function refused(call: Promise<unknown>, kind: new (...args: never[]) => Error, says: RegExp): Promise<void> {
    const error = await call.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject({ message: expect.stringMatching(says), $metadata: { attempts: 1 } })
  }

  test('when a request is wrong in itself, the answer names the fault, and nothing has changed', async () => {
    const before = await held()
    const credentials = profileKey(evenkeel.home)
    const rows: [what: string, request: RequestToEks, status: number, fault: string, says: RegExp][] = [
      ['unsigned', { path: '/clusters', headers: { authorization: undefined } }, 403, 'MissingAuth', /not signed/],
      ['another region', { path: '/clusters', signing: { region: 'us-east-1' } }, 403, 'InvalidSig', /is local-1/],
      ['another service', { path: '/clusters', signing: { service: 'sts' } }, 403, 'InvalidSig', /sign for eks/],
      [
        'a clock behind',
        { path: '/clusters', signing: { nowMs: Date.now() - 6 * MINUTE_MS } },
        403,
        'InvalidSig',
        /expired.*clock/,
      ],
      [
        'a clock ahead',
        { path: '/clusters', signing: { nowMs: Date.now() + 6 * MINUTE_MS } },
        403,
        'InvalidSig',
        /not yet current.*clock/,
      ],
      ['a clock a little behind', { path: '/clusters', signing: { nowMs: Date.now() - 4 * MINUTE_MS } }, 200, '', /\[/],
      [
        'an unknown key',
        { path: '/clusters', signing: { credentials: { ...credentials, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' } } },
        403,
        'UnrecognizedClient',
        /AKIAA.* is not known/,
      ],
      [
        'another secret',
        { path: '/clusters', signing: { credentials: { ...credentials, secretAccessKey: 'wrong' } } },
        403,
        'InvalidSig',
        /secret access key/,
      ],
      [
        'a session token',
        { path: '/clusters', headers: { 'x-amz-security-token': 'x' } },
        403,
        'UnrecognizedClient',
        /unset AWS_SESSION_TOKEN/,
      ],
      ['no scheme', { path: '/clusters', headers: { authorization: 'Bearer x' } }, 400, 'IncompleteSig', /must begin/],
      ['no such operation', { path: '/nonsense' }, 404, 'UnknownOperation', /GET \/nonsense/],
      ['no such method', { method: 'PUT', path: '/clusters' }, 404, 'UnknownOperation', /PUT \/clusters/],
      ['a path that is no UTF-8', { path: '/clusters/%ff' }, 404, 'UnknownOperation', /encoding/],
      ['half of JSON', { method: 'POST', path: '/clusters', body: '{"name":' }, 400, 'Serialization', /not JSON/],
      ['a list', { method: 'POST', path: '/clusters', body: '[]' }, 400, 'Serialization', /JSON structure/],
      ['no UTF-8', { method: 'POST', path: '/clusters', body: Buffer.from([123, 255]) }, 400, 'Serialization', /UTF-8/],
      ['wrong types', create({ ...wish('web'), name: 5, tags: [] }), 400, 'InvalidParam', /name must be.*tags must be/],
      ['nothing', create({}), 400, 'InvalidParam', /name is required.*roleArn is required/],
      ['a bad name', create(wish('a b')), 400, 'InvalidParam', /name must match.*"a b" does not/],
      ['a long name', create(wish('x'.repeat(101))), 400, 'InvalidParam', /at most 100 characters, not 101/],
      ['an old version', create({ ...wish('web'), version: '1.12' }), 400, 'InvalidParam', /one of 1\.36, 1\.37, not/],
      ['no role', create({ ...wish('web'), roleArn: 'any' }), 400, 'InvalidParam', /roleArn must be the ARN/],
      [
        'what is not offered',
        create({ ...wish('web'), logging: { clusterLogging: [{ types: ['audit'], enabled: true }] } }),
        400,
        'InvalidParam',
        /logging is not offered yet/,
      ],
      ['a cluster that is not there', { method: 'DELETE', path: '/clusters/none' }, 404, 'ResourceNotFound', /none/],
      ['too few at once', { path: '/clusters?maxResults=0' }, 400, 'InvalidParam', /at least 1/],
      ['too many at once', { path: '/clusters?maxResults=101' }, 400, 'InvalidParam', /at most 100/],
      ['no number', { path: '/clusters?maxResults=ten' }, 400, 'InvalidParam', /an integer/],
      ['no token of ours', { path: '/clusters?nextToken=%00nonsense' }, 400, 'InvalidParam', /leave it out/],
      [
        '10 MB',
        create({ ...wish('web'), tags: { big: 'x'.repeat(10 << 20) } }),
        413,
        'RequestEntityTooLarge',
        /send less/,
      ],
    ]
    for (const [what, request, status, fault, says] of rows) {
      const answer = await send(request)
      expect(answer, what).toMatchObject({ status, message: expect.stringMatching(says) })
      expect(answer.fault, what).toMatch(fault === '' ? /^$/ : new RegExp(`^${fault}\\w*Exception$`))
    }
    expect(await held()).toBe(before)
  })

  test('when it is not even HTTP, the connection is closed and the service goes on', async () => {
    const said = await new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.end('\0\xff nonsense\r\n\r\n'))
      socket.setTimeout(20_000, () => reject(new Error('the connection was left open')))
      socket.on('data', (chunk) => {
        text += chunk.toString()
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(text))
    })
    expect(said).toMatch(/^HTTP\/1\.1 400 /)
    expect((await send({ path: '/clusters' })).status).toBe(200)
  })

  test('when boto3 calls each of the 70 operations with the least it takes, none is a 5xx and none is retried', async () => {
    const python = await boto3Python()
    const before = await held()
    const { stdout, stderr, code } = await run(python, [join(import.meta.dirname, 'every-operation.py')])
    expect(code, stderr).toBe(0)
    const outcomes = JSON.parse(stdout) as Record<
      string,
      { status: number; code: string; retries: number; message: string }
    >
    expect(Object.keys(outcomes).sort()).toEqual(OPERATION_NAMES)
    for (const name of OPERATION_NAMES) {
      const outcome = outcomes[name]
      expect(outcome, name).toMatchObject({ retries: 0 })
      expect(outcome?.status, `${name}: ${outcome?.message}`).toBeLessThan(500)
      if (!OFFERED.includes(name)) expect(outcome, name).toMatchObject({ status: 400, code: notOfferedFault(name) })
    }
    expect(await held()).toBe(before)
  })

  test('when clusters are made that cannot be, or twice, there is one of each name; Demo and demo are two', async () => {
    // No keeper is needed for a promise; none makes these clusters before they are taken back.
    const keepers = evenkeel.processes().filter(({ command }) => command.includes('/packages/keeper/src/main.ts'))
    expect(keepers).toHaveLength(3)
    for (const { pid } of keepers) process.kill(pid, 'SIGSTOP')
    try {
      const token = 'token-of-one-call'
      const first = await client.send(new CreateClusterCommand({ ...wish('demo'), clientRequestToken: token }))
      expect(first.cluster).toMatchObject({ status: 'CREATING', version: '1.37', platformVersion: 'eks.1' })
      await refused(client.send(new CreateClusterCommand(wish('demo'))), ResourceInUseException, /demo/)
      const again = await client.send(new CreateClusterCommand({ ...wish('demo'), clientRequestToken: token }))
      expect(again.cluster).toEqual(first.cluster)
      for (const other of [{ ...wish('demo'), version: '1.36' }, wish('other')]) {
        const call = client.send(new CreateClusterCommand({ ...other, clientRequestToken: token }))
        await refused(call, InvalidParameterException, /used before with other parameters/)
      }
      const both = await Promise.allSettled(
        [1, 2].map(() => client.send(new CreateClusterCommand({ ...wish('Demo'), tags: { a: 'b' } }))),
      )
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])

      const pages: (readonly string[])[] = []
      for await (const page of paginateListClusters({ client, pageSize: 1 }, {})) pages.push(page.clusters ?? [])
      expect(pages).toEqual([['Demo'], ['demo']])
      const { nextToken } = await client.send(new ListClustersCommand({ maxResults: 1 }))
      const ofAnother = client.send(new ListUpdatesCommand({ name: 'demo', nextToken }))
      await refused(ofAnother, InvalidParameterException, /nextToken/)

      const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']))
      const tag = (resourceArn: string, more: Record<string, string>) =>
        client.send(new TagResourceCommand({ resourceArn, tags: more }))
      await refused(tag(arnOf('Demo'), tags(50)), BadRequestException, /51 tags, and 50 is the most/)
      await refused(tag(arnOf('demo'), { 'aws:x': 'y' }), BadRequestException, /aws:/)
      await refused(tag(arnOf('none'), tags(1)), NotFoundException, /none/)
      await refused(tag(arnOf('demo').replace(accountId, '111111111111'), tags(1)), NotFoundException, /no resource/)
      await refused(tag(arnOf('demo').replace('local-1', 'us-east-1'), tags(1)), NotFoundException, /no resource/)
      await refused(tag('demo', tags(1)), BadRequestException, /must be an ARN/)
      await client.send(new UntagResourceCommand({ resourceArn: arnOf('Demo'), tagKeys: ['none'] }))
      const kept = await client.send(new ListTagsForResourceCommand({ resourceArn: arnOf('Demo') }))
      expect(kept.tags).toEqual({ a: 'b' })
      await tag(arnOf('demo'), tags(50))

      const early = client.send(new UpdateClusterConfigCommand({ name: 'demo', deletionProtection: true }))
      await refused(early, ResourceInUseException, /still being created/)
      const tooEarly = client.send(new CreateNodegroupCommand({ ...nodes, clusterName: 'demo' }))
      await refused(tooEarly, InvalidRequestException, /'demo' is not in ACTIVE status: it is CREATING/)
      for (const name of ['demo', 'Demo']) {
        const { cluster } = await client.send(new DeleteClusterCommand({ name }))
        expect(cluster?.status).toBe('DELETING')
        expect((await client.send(new DeleteClusterCommand({ name }))).cluster?.status).toBe('DELETING')
      }
    } finally {
      for (const { pid } of keepers) process.kill(pid, 'SIGCONT')
    }
    for (const name of ['demo', 'Demo']) {
      const waiting = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }
      expect((await waitUntilClusterDeleted(waiting, { name })).state).toBe('SUCCESS')
    }
    await refused(client.send(new DescribeClusterCommand({ name: 'Demo' })), ResourceNotFoundException, /Demo/)
    expect(JSON.parse(await held())).toMatchObject({ items: [{ kind: 'User' }] })
  })

  describe('and a cluster works', () => {
    let endpoint = ''
    let authority = ''

    beforeAll(async () => {
      await client.send(new CreateClusterCommand(wish('web')))
      await waitUntilClusterActive({ client, maxWaitTime: 240, minDelay: 1, maxDelay: 2 }, { name: 'web' })
      const { cluster } = await client.send(new DescribeClusterCommand({ name: 'web' }))
      endpoint = cluster?.endpoint ?? ''
      authority = Buffer.from(cluster?.certificateAuthority?.data ?? '', 'base64').toString()
    })

    /** Who the cluster takes the holder of a token for; the status where it lets nobody in. */
    const ask = (token: string): Promise<string | number> =>
      new Promise((resolve, reject) => {
        const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
        const path = `${endpoint}/apis/authentication.k8s.io/v1/selfsubjectreviews`
        const request = httpsRequest(path, { method: 'POST', headers, ca: authority, agent: false }, (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString()
          })
          response.on('end', () => {
            const { status } = JSON.parse(text) as { status: { userInfo?: { username: string } } | string }
            const username = typeof status === 'string' ? undefined : status.userInfo?.username
            resolve(username ?? response.statusCode ?? 0)
          })
        })
        request.on('error', reject).setTimeout(20_000, () => request.destroy(new Error('no answer in 20 s')))
        request.end(body)
      })

    test('when it is told to keep what it has, its updates are real, and it cannot be deleted until it is freed', async () => {
      const name = 'web'
      const update = (members: object) => client.send(new UpdateClusterConfigCommand({ name, ...members }))
      await refused(update({}), InvalidParameterException, /Nothing to change/)
      await refused(update({ deletionProtection: false }), InvalidParameterException, /already as wanted/)
      await refused(
        update({ deletionProtection: true, upgradePolicy: { supportType: 'STANDARD' } }),
        InvalidParameterException,
        /one type of update/,
      )
      await refused(update({ logging: {} }), InvalidParameterException, /logging is not offered yet/)
      const unknown = client.send(new DescribeUpdateCommand({ name, updateId: 'none' }))
      await refused(unknown, ResourceNotFoundException, /none/)

      const protect = { deletionProtection: true, clientRequestToken: 'protect-it' }
      const { update: accepted } = await update(protect)
      const updateId = accepted?.id ?? expect.unreachable()
      expect((await update(protect)).update?.id).toBe(updateId)
      const otherWish = update({ ...protect, deletionProtection: false })
      await refused(otherWish, InvalidParameterException, /used before with other parameters/)
      const done = (id: string) =>
        expect
          .poll(async () => (await client.send(new DescribeUpdateCommand({ name, updateId: id }))).update?.status, {
            timeout: 30_000,
            interval: 100,
          })
          .toBe('Successful')
      await done(updateId)
      expect((await client.send(new ListUpdatesCommand({ name }))).updateIds).toEqual([updateId])
      await refused(client.send(new DeleteClusterCommand({ name })), InvalidRequestException, /deletion protection/)
      const free = await update({ deletionProtection: false })
      await done(free.update?.id ?? '')
      const { cluster } = await client.send(new DescribeClusterCommand({ name }))
      expect(cluster).toMatchObject({ status: 'ACTIVE', deletionProtection: false })
    })

    test('when a node group cannot be, each wrong is told by its name, and nothing is made', async () => {
      const before = await held()
      const clusterName = 'web'
      const make = (members: Partial<CreateNodegroupRequest>) =>
        client.send(new CreateNodegroupCommand({ ...nodes, clusterName, ...members }))
      const rows: [members: Partial<CreateNodegroupRequest>, says: RegExp][] = [
        [{ nodegroupName: 'a.b' }, /nodegroupName must be 1 to 63 letters/],
        [{ instanceTypes: ['x1.mega'] }, /instanceTypes must be of t3\.nano, .*, not "x1\.mega"/],
        [{ scalingConfig: { minSize: -1, maxSize: 1, desiredSize: 1 } }, /minSize must be at least 0/],
        [{ scalingConfig: { minSize: 0, maxSize: 0, desiredSize: 0 } }, /maxSize must be at least 1/],
        [{ scalingConfig: { minSize: 1, maxSize: 2, desiredSize: 3 } }, /desiredSize must be from minSize to maxSize/],
        [{ diskSize: 0 }, /diskSize must be from 1/],
        [{ version: '1.99' }, /since nodes must not be newer than their cluster, which has 1\.37/],
        [{ version: '1.12' }, /since nodes must not be more than 3 minors older/],
        [{ releaseVersion: '1.37.0-20200101' }, /releaseVersion must be one of 1\.37/],
        [{ labels: { 'eks.amazonaws.com/nodegroup': 'x' } }, /must not have the key "eks\.amazonaws\.com\/nodegroup"/],
        [{ taints: [{ key: 'a b', effect: 'NO_EXECUTE' }] }, /taints\[0\]\.key must be/],
        [{ updateConfig: { maxUnavailable: 1, maxUnavailablePercentage: 1 } }, /must not have both/],
        [{ launchTemplate: { name: 'x' } }, /launchTemplate is not offered, since nodes are no instances of EC2/],
        [{ remoteAccess: { ec2SshKey: 'x' } }, /remoteAccess is not offered, since nodes run no SSH server/],
        [{ amiType: 'WINDOWS_CORE_2022_x86_64' }, /amiType is not offered/],
        [{ capacityType: 'CAPACITY_BLOCK' }, /capacityType must be ON_DEMAND or SPOT/],
        [{ nodeRole: 'me' }, /nodeRole must be the ARN of an IAM role/],
      ]
      for (const [members, says] of rows) await refused(make(members), InvalidParameterException, says)
      await refused(make({ clusterName: 'none' }), ResourceNotFoundException, /No cluster found for name: none/)
      const nodegroupName = 'none'
      for (const command of [
        new DescribeNodegroupCommand({ clusterName, nodegroupName }),
        new DeleteNodegroupCommand({ clusterName, nodegroupName }),
        new UpdateNodegroupConfigCommand({ clusterName, nodegroupName, scalingConfig: { desiredSize: 1 } }),
        new UpdateNodegroupVersionCommand({ clusterName, nodegroupName }),
        new ListUpdatesCommand({ name: clusterName, nodegroupName }),
      ]) {
        const call = client.send(command as DescribeNodegroupCommand)
        await refused(call, ResourceNotFoundException, /No node group found for name: none/)
      }
      expect((await client.send(new ListNodegroupsCommand({ clusterName }))).nodegroups).toEqual([])
      expect(await held()).toBe(before)
    })

    test('when a token is not good, it is refused with 401, and the audit says why without the token', async () => {
      const credentials = profileKey(evenkeel.home)
      const made = JSON.parse(await evenkeel.evenkeel(['user', 'create', 'ann', '-o', 'json'])) as {
        accessKey: typeof credentials
      }
      const unknown = { ...credentials, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }
      const good = { clusterName: 'web', region: 'local-1', credentials, nowMs: Date.now() }
      const tokenOf = (url: string) => `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`
      const urlOf = (token: string) => Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString()
      const signed = (headers: Record<string, string>) =>
        tokenOf(
          presignUrl(
            {
              method: 'GET',
              url: 'https://sts.local-1.amazonaws.com/',
              parameters: [
                ['Action', 'GetCallerIdentity'],
                ['Version', '2011-06-15'],
              ],
              headers,
            },
            { credentials, region: 'local-1', service: TOKEN_SERVICE, nowMs: Date.now(), expiresSeconds: 60 },
          ),
        )
      const me = `arn:aws:iam::${accountId}:user/admin`
      for (const host of ['http://127.0.0.1:1', 'https://sts.amazonaws.com', 'https://anything.example']) {
        expect(await ask(clusterToken({ ...good, endpoint: host })), host).toBe(me)
      }
      const aws = JSON.parse(await evenkeel.shell('aws eks get-token --cluster-name web')) as {
        status: { token: string }
      }
      expect(await ask(aws.status.token)).toBe(me)

      const rows: [reason: string, token: () => string][] = [
        ['badSignature', () => tokenOf(urlOf(clusterToken(good)).replace(/.$/, (last) => (last === '0' ? '1' : '0')))],
        ['badSignature', () => clusterToken({ ...good, clusterName: 'other' })],
        ['expired', () => clusterToken({ ...good, nowMs: Date.now() - 16 * MINUTE_MS })],
        ['notYetValid', () => clusterToken({ ...good, nowMs: Date.now() + 6 * MINUTE_MS })],
        ['unknownKey', () => clusterToken({ ...good, credentials: unknown })],
        ['wrongRegion', () => clusterToken({ ...good, region: 'us-east-1' })],
        ['wrongHeaders', () => signed({ 'x-k8s-aws-id': 'web', 'x-more': 'y' })],
        ['wrongHeaders', () => signed({})],
        ['unknownParameter', () => tokenOf(`${urlOf(clusterToken(good))}&X=1`)],
        ['wrongPath', () => tokenOf(urlOf(clusterToken(good)).replace('.com/?', '.com/x?'))],
        ['malformed', () => 'k8s-aws-v1.nonsense'],
        ['noAccessEntry', () => clusterToken({ ...good, credentials: made.accessKey, nowMs: Date.now() })],
      ]
      for (const [reason, token] of rows) {
        // A key that was made a moment ago is on its way to the authenticators. A token is of a second, and a refusal is
        // remembered for it.
        await expect
          .poll(async () => await auditOf(token()), { timeout: 30_000, interval: 1100 })
          .toMatchObject({ status: 401, reason })
      }

      async function auditOf(token: string) {
        const before = new Set(audit())
        const status = await ask(token)
        const news = () => audit().filter((line) => !before.has(line))
        await expect.poll(() => news().length, { timeout: 5000, interval: 20 }).toBeGreaterThan(0)
        const lines = news()
        expect(lines.join('\n')).not.toContain(token)
        expect(lines.join('\n')).not.toMatch(/[0-9a-f]{64}/)
        return { status, reason: (JSON.parse(lines[0] ?? '') as { reason?: string }).reason }
      }

      /** What both authenticators have said about reviews of others than the keeper's probe, as JSON. */
      function audit(): string[] {
        const files = ['a', 'b'].map((zone) => join(evenkeel.home, `logs/evenkeel/authenticator-${zone}/current`))
        return files
          .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
          .flatMap((line) => /\{.*"audit":"token-review".*\}/.exec(line) ?? [])
          .filter((line) => line.includes('"cluster":"web"') && !line.includes('evenkeel-probe'))
      }
    })
  })
})
