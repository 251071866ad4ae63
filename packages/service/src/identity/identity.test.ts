import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateClusterCommand, DescribeAccessEntryCommand, EKSClient, UntagResourceCommand } from '@aws-sdk/client-eks'
import { EksFault } from '@evenkeel/contract/eks'
import { type UserObjects, userObjects } from '@evenkeel/contract/identity'
import { USERS } from '@evenkeel/contract/kinds'
import { signRequest } from '@evenkeel/contract/sigv4'
import { createLogger, Metrics, SECRETS, type Secret, systemClock } from '@evenkeel/kernel'
import { FakeHome, waitFor } from '@evenkeel/kernel/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WireRequest } from '../http/index.ts'
import { readBody } from '../http/request-body.ts'
import { Identity } from './index.ts'

const REGION = 'local-1'
const ACCOUNT = '000000000001'
const alice = userObjects({ accountId: ACCOUNT, userName: 'Alice', random: new Uint8Array(40).fill(7) })
const caller = { accountId: ACCOUNT, arn: alice.arn, groups: ['evenkeel:users'], accessKeyId: alice.accessKeyId }

let home: FakeHome
let folder: string
let log: string[]
let stops: (() => Promise<void>)[]

beforeEach(async () => {
  home = await FakeHome.start()
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-identity-'))
  log = []
  stops = []
})

afterEach(async () => {
  for (const stop of stops) await stop()
  await home[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function start(options: { nowMs?: () => number; mirrored?: boolean } = {}): Promise<Identity> {
  const { nowMs = () => Date.now(), mirrored = false } = options
  const identity = new Identity({
    client: home.client(),
    region: REGION,
    clock: { ...systemClock, now: nowMs },
    log: createLogger('test', { level: 'trace', write: (line) => log.push(line) }),
    metrics: new Metrics(),
    ...(mirrored ? { mirrorFolder: join(folder, 'mirror') } : {}),
  })
  const abort = new AbortController()
  const running = identity.run(abort.signal)
  const stop = async () => {
    abort.abort()
    await running
  }
  stops.push(stop)
  return identity
}

async function started(options: Parameters<typeof start>[0] = {}): Promise<Identity> {
  await add(alice)
  const identity = await start(options)
  await identity.waitUntilKnown(AbortSignal.timeout(5000))
  expect(identity.problem()).toBeUndefined()
  return identity
}

async function add({ user, accessKey }: UserObjects): Promise<void> {
  const client = home.client()
  await client.create(USERS, user)
  await client.create(SECRETS, accessKey)
}

function signed(
  changes: Partial<WireRequest> & { user?: UserObjects; region?: string; service?: string; nowMs?: number } = {},
) {
  const { user = alice, region = REGION, service = 'eks', nowMs = Date.now(), ...request } = changes
  const { accessKeyId, secretAccessKey } = user
  const wire: WireRequest = {
    method: 'GET',
    url: '/clusters',
    headers: { host: '127.0.0.1:8080' },
    body: Buffer.alloc(0),
    ...request,
  }
  const headers = signRequest(
    { method: wire.method, url: wire.url, headers: wire.headers, body: wire.body },
    { credentials: { accessKeyId, secretAccessKey }, region, service, nowMs },
  )
  return { ...wire, headers: { ...wire.headers, ...headers } }
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  return error instanceof EksFault ? `${error.code}: ${error.message}` : `no fault but ${String(error)}`
}

function signingKeys(): Secret[] {
  return home.objects<Secret>(SECRETS, 'evenkeel-signing-keys')
}

describe('a request', () => {
  it('when a JavaScript SDK signs it, its caller is known', async () => {
    const identity = await started()
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      void (async () => {
        const { method = '', url = '', headers } = request
        seen.push(await identity.authenticate({ method, url, headers, body: await readBody(request) }).catch(String))
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      })()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { accessKeyId, secretAccessKey } = alice
    const eks = new EKSClient({
      region: REGION,
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId, secretAccessKey },
    })
    const arn = 'arn:aws:eks:local-1:000000000001:cluster/web'
    await eks.send(
      new DescribeAccessEntryCommand({ clusterName: 'web', principalArn: "arn:aws:iam::1:user/a b/ü+(x)!*'" }),
    )
    await eks.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: ['b c', 'a+b', 'ü/€', "!'()*~"] }))
    await eks.send(new CreateClusterCommand({ name: 'web', roleArn: 'ü€😀', resourcesVpcConfig: {} }))
    eks.destroy()
    await new Promise((resolve) => server.close(resolve))
    expect(seen).toEqual([caller, caller, caller])
  })

  it.each<[string, () => WireRequest, RegExp]>([
    [
      'it is not signed',
      () => ({ ...signed(), headers: { host: 'x' } }),
      /^MissingAuthenticationTokenException: .*not signed/,
    ],
    [
      'it is presigned',
      () => ({ ...signed(), url: '/clusters?X-Amz-Signature=x', headers: { host: 'x' } }),
      /^MissingAuthenticationTokenException: Presigned/,
    ],
    [
      'it is signed in another way',
      () => ({ ...signed(), headers: { host: 'x', authorization: 'Bearer x' } }),
      /^IncompleteSignatureException: .*must begin with AWS4-HMAC-SHA256/,
    ],
    [
      'it has no date',
      () => ({ ...signed(), headers: { ...signed().headers, 'x-amz-date': undefined } }),
      /^IncompleteSignatureException: .*X-Amz-Date/,
    ],
    [
      'its date is no date',
      () => {
        const request = signed()
        return {
          ...request,
          headers: { ...request.headers, 'x-amz-date': `${request.headers['x-amz-date'].slice(0, 8)}T99` },
        }
      },
      /^IncompleteSignatureException/,
    ],
    [
      'it is of another region',
      () => signed({ region: 'eu-west-1' }),
      /^InvalidSignatureException: .*sign for local-1/,
    ],
    ['it is of another service', () => signed({ service: 'sts' }), /^InvalidSignatureException: .*sign for eks/],
    ['it is too old', () => signed({ nowMs: Date.now() - 302_000 }), /^InvalidSignatureException: Signature expired/],
    [
      'it is of the future',
      () => signed({ nowMs: Date.now() + 302_000 }),
      /^InvalidSignatureException: Signature not yet current/,
    ],
    [
      'its key is unknown',
      () => signed({ user: { ...alice, accessKeyId: 'AKIAFAKEFAKEFAKEFAKE' } }),
      /^UnrecognizedClientException: .*not known/,
    ],
    [
      'its secret is another',
      () => signed({ user: { ...alice, secretAccessKey: 'x' } }),
      /^InvalidSignatureException: .*not that of/,
    ],
    ['its path was changed', () => ({ ...signed(), url: '/clusters/web' }), /^InvalidSignatureException/],
    ['its query was changed', () => ({ ...signed(), url: '/clusters?maxResults=1' }), /^InvalidSignatureException/],
    ['its method was changed', () => ({ ...signed(), method: 'DELETE' }), /^InvalidSignatureException/],
    ['its body was changed', () => ({ ...signed(), body: Buffer.from('{}') }), /^InvalidSignatureException/],
    [
      'its host was changed',
      () => ({ ...signed(), headers: { ...signed().headers, host: '127.0.0.1' } }),
      /^InvalidSignatureException/,
    ],
    [
      'it carries a session token',
      () => ({ ...signed(), headers: { ...signed().headers, 'x-amz-security-token': 'x' } }),
      /^UnrecognizedClientException: .*unset AWS_SESSION_TOKEN/,
    ],
  ])('when %s, it is refused', async (_what, request, fault) => {
    const identity = await started()
    expect(await faultOf(identity.authenticate(request()))).toMatch(fault)
    expect(await identity.authenticate(signed())).toEqual(caller)
    expect(log.join()).not.toContain(alice.secretAccessKey)
  })

  it('when its clock is 5 minutes off, it is accepted', async () => {
    const nowMs = Date.parse('2026-11-24T10:00:00Z')
    const identity = await started({ nowMs: () => nowMs })
    for (const offMs of [-300_000, 300_000]) {
      expect(await identity.authenticate(signed({ nowMs: nowMs + offMs }))).toEqual(caller)
    }
  })

  it('when its key was made a moment ago, it is accepted', async () => {
    const bob = userObjects({ accountId: ACCOUNT, userName: 'bob', random: new Uint8Array(40).fill(9) })
    const identity = await started()
    const answer = identity.authenticate(signed({ user: bob }))
    await add(bob)
    expect(await answer).toMatchObject({ arn: `arn:aws:iam::${ACCOUNT}:user/bob` })
  })

  it('when its key was taken from the user, it is refused, and its signing keys are removed', async () => {
    const identity = await started()
    await waitFor(() => signingKeys().length === 1, { what: 'signing keys' })
    const { name, namespace } = alice.user.metadata
    await home.client().mergePatch(USERS, { name, namespace, patch: { spec: { accessKeyIds: [] } } })
    await waitFor(() => signingKeys().length === 0, { what: 'the signing keys to go' })
    expect(await faultOf(identity.authenticate(signed()))).toMatch(/^UnrecognizedClientException/)
  })

  it('when a user of another account names the key, it stays with its own', async () => {
    const identity = await started()
    const thief = userObjects({ accountId: '000000000002', userName: 'Alice', random: new Uint8Array(40).fill(8) })
    await home
      .client()
      .create(USERS, { ...thief.user, spec: { ...thief.user.spec, accessKeyIds: [alice.accessKeyId] } })
    const { name, namespace } = alice.user.metadata
    expect(await identity.authenticate(signed())).toEqual(caller)
    await home.client().delete(USERS, { name, namespace })
    await waitFor(async () => (await faultOf(identity.authenticate(signed()))).startsWith('Unrecognized'), {
      what: 'a refusal',
    })
  })
})

describe('identity without its home', () => {
  it('when nothing was ever heard from it, requests are told to come again', async () => {
    await home.goAway()
    const identity = await start()
    expect(identity.problem()).toMatch(/waits for the home/)
    expect(await faultOf(identity.authenticate(signed()))).toMatch(/^ServiceUnavailableException/)
  })

  it('when it starts again from its copies, requests are verified, and the copies are for nobody else', async () => {
    await started({ mirrored: true })
    await stops.pop()?.()
    await home.goAway()
    const identity = await start({ mirrored: true })
    await identity.waitUntilKnown(AbortSignal.timeout(5000))
    expect(await identity.authenticate(signed())).toEqual(caller)
    const files = await readdir(join(folder, 'mirror'))
    expect(files.toSorted()).toEqual(['access-keys.json', 'users.json'])
    for (const file of files) expect((await stat(join(folder, 'mirror', file))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'mirror'))).mode & 0o777).toBe(0o700)
    expect(log.join()).not.toContain(alice.secretAccessKey)
  })
})

describe('signing keys', () => {
  it('when a key is good, they are written once', async () => {
    await started()
    await waitFor(() => signingKeys().length === 1, { what: 'signing keys' })
    const bob = userObjects({ accountId: ACCOUNT, userName: 'bob', random: new Uint8Array(40).fill(9) })
    await add(bob)
    await waitFor(() => signingKeys().length === 2, { what: 'those of the second' })
    const writes = home.writes.filter(({ path }) => path.includes('evenkeel-signing-keys'))
    expect(writes.map(({ method }) => method)).toEqual(['PATCH', 'PATCH'])
  })

  it('when the service was away as a key went, they are removed at its next start', async () => {
    await started({ mirrored: true })
    await waitFor(() => signingKeys().length === 1, { what: 'signing keys' })
    await stops.pop()?.()
    const { name, namespace } = alice.accessKey.metadata
    await home.client().delete(SECRETS, { name, namespace })
    await start({ mirrored: true })
    await waitFor(() => signingKeys().length === 0, { what: 'the signing keys to go' })
  })
})
